"""What bets, refunds and round ends mean for the player's bonuses, now or when their bonus becomes active."""

from processors import attribution, bonus_row, casino, roster, rounds, wagering, waiting
from processors.attribution import UNNAMED, Found
from processors.bonus_row import Bonus
from processors.casino import Bet
from processors.facts import WalletCall
from processors.outcome import Arrival
from processors.refunds import RolledBack
from processors.roster import Roster
from processors.rounds import Round
from processors.turn import Moment, Turn
from processors.waiting import Item


def bet(turn: Turn, arrival: Arrival, call: WalletCall, sent: Bet, known: Roster) -> Bet:
    """Attribute a bet, or let it wait; return it with what came of it, not yet stored."""
    name = attribution.name_of(call)
    if name is None or call.is_free_spin:
        return sent
    found = attribution.find(turn.rows, known, name)
    if found == "none":
        turn.counts.append("bets-unattributed")
        return sent
    if found == "not-yet":
        item_id = waiting.add(turn, name, "bet", arrival)
        _let_round_wait(turn, call, name, item_id)
        return sent._replace(item=item_id)
    return _attribute(turn, found, call, sent, Moment(arrival.cause, call.at))


def round_call(turn: Turn, arrival: Arrival, call: WalletCall, known: Round) -> None:
    """Let a bet or win prolong its round and, when it ends the round, decide about the round's bonuses."""
    rounds.put(turn.rows, call, known, turn.rules)
    if call.action == "win" and known.bonuses:
        turn.counts.append("wins-attributed")
    if not call.is_round_end:
        return
    for user_bonus_id in known.bonuses:
        _decide(turn, user_bonus_id, call, Moment(arrival.cause, call.at))
    for name, item_id in known.waiting:
        if _still_waits(turn, item_id, name, call):
            waiting.add(turn, name, "end", arrival)


def refund(turn: Turn, arrival: Arrival, undone: RolledBack) -> None:
    """Take a rolled back bet out of its bonus's wagering, or wait with it."""
    item = None if undone.bet.item is None else waiting.get(turn, undone.bet.item)
    if item is not None and item.role == "bet" and item.wallet_call.call_id == undone.call_id:
        waiting.add(turn, item.name, "refund", arrival)
    else:
        _take_back(turn, undone.bet)


def release(turn: Turn, bonus: Bonus) -> None:
    """Apply, in the order of their arrival, the calls that waited for this bonus to become active."""
    names = (bonus.user_bonus_id, bonus.bonus_id, UNNAMED)
    for item_id, item in waiting.items(turn):
        if item.name in names:
            _release(turn, item_id, item)


def give_up_unnamed(turn: Turn) -> None:
    """Give up the bets that name no bonus once no bonus of the player can become active."""
    for item_id, item in waiting.items(turn):
        if item.name == UNNAMED and _find(turn, UNNAMED) == "none":
            waiting.give_up(turn, item_id, item)


def _release(turn: Turn, item_id: str, item: Item) -> None:
    found = _find(turn, item.name)
    if found == "not-yet":
        return
    if found == "none":
        waiting.give_up(turn, item_id, item)
        return
    waiting.remove(turn, item_id, item)
    call = item.wallet_call
    moment = Moment(item.cause, call.at)
    sent = casino.load_bet(turn.rows, call.original_id or "" if item.role == "refund" else call.call_id)
    if item.role == "end":
        _decide_released(turn, found.user_bonus_id, call, moment)
    elif sent is not None and item.role == "refund":
        _take_back(turn, sent)
    elif sent is not None:
        casino.put_bet(turn.rows, call.call_id, _attribute(turn, found, call, sent, moment), turn.rules)
        if call.is_round_end:
            _decide_released(turn, found.user_bonus_id, call, moment)


def _find(turn: Turn, name: str) -> Found:
    return attribution.find(turn.rows, roster.load(turn.rows) or roster.EMPTY, name)


def _attribute(turn: Turn, bonus: Bonus, call: WalletCall, sent: Bet, moment: Moment) -> Bet:
    wagered = wagering.counted(bonus, call, turn.rules)
    wagering.bet(turn, bonus, wagered, moment)
    _let_round_concern(turn, call, bonus.user_bonus_id)
    turn.counts.append("bets-attributed")
    return sent._replace(bonus=bonus.user_bonus_id, wagered=wagered)


def _let_round_concern(turn: Turn, call: WalletCall, user_bonus_id: str) -> None:
    """Note a bonus of the round; a round that never ends does not collect those that are forgotten."""
    known = rounds.load(turn.rows, call) or rounds.NEW
    if user_bonus_id not in known.bonuses:
        others = [other for other in known.bonuses if turn.rows.get(bonus_row.BONUS, other) is not None]
        known = known._replace(bonuses=[*others, user_bonus_id])
    rounds.put(turn.rows, call, known, turn.rules)


def _let_round_wait(turn: Turn, call: WalletCall, name: str, item_id: str) -> None:
    """Note the last bet of the round that waits for a bonus; those that wait no longer are dropped."""
    known = rounds.load(turn.rows, call) or rounds.NEW
    others = [entry for entry in known.waiting if entry[0] != name and waiting.get(turn, entry[1]) is not None]
    rounds.put(turn.rows, call, known._replace(waiting=[*others, [name, item_id]]), turn.rules)


def _decide(turn: Turn, user_bonus_id: str, call: WalletCall, moment: Moment) -> None:
    bonus = bonus_row.load(turn.rows, user_bonus_id)
    if bonus is not None and bonus.is_active:
        wagering.round_end(turn, bonus, call, moment)


def _decide_released(turn: Turn, user_bonus_id: str, call: WalletCall, moment: Moment) -> None:
    known = rounds.load(turn.rows, call)
    if known is not None and not known.is_free_spin and user_bonus_id in known.bonuses:
        _decide(turn, user_bonus_id, call, moment)


def _take_back(turn: Turn, undone: Bet) -> None:
    bonus = None if undone.bonus is None else bonus_row.load(turn.rows, undone.bonus)
    if bonus is not None and undone.wagered:
        wagering.take_back(turn, bonus, undone.wagered)


def _still_waits(turn: Turn, item_id: str, name: str, call: WalletCall) -> bool:
    """Say whether a bet of the call's round still waits; the end of the call itself is decided with its bet."""
    item = waiting.get(turn, item_id)
    if item is None or item.name != name or item.role != "bet":
        return False
    waits = item.wallet_call
    return rounds.round_id(waits) == rounds.round_id(call) and (waits.action, waits.call_id) != (
        call.action,
        call.call_id,
    )
