"""The join's rules, each with its switch; the number is the rule's."""

from dataclasses import replace
from typing import Any

from switches import Switch, always, never, unless

from processors import attribution, bonus_row, bonuses, lifecycle, order_links, play


def _unnamed(call: Any) -> str | None:
    return attribution.UNNAMED if call.bonus_amount else None


def _silently(turn: Any, bonus: Any, wagered: int, _: Any) -> None:
    lifecycle.store(turn, bonus, bonus._replace(wagered=bonus.wagered + wagered))


def _sinking(turn: Any, bonus: Any, wagered: int) -> None:
    after = bonus._replace(wagered=bonus.wagered - wagered)
    lifecycle.store(turn, bonus, after._replace(step=lifecycle.progress_step(after, turn.rules.progress_step)))


def _later(due: int | None, sent_at: int | None) -> int | None:
    return None if due is not None and sent_at is not None and due <= sent_at else due


def _at_once(turn: Any, heard: Any, _: Any) -> None:
    bonuses.word(turn, heard)


def _decided_last(row: Any, sent: Any) -> Any:
    return row._replace(decided=sent.status) if row.decided and sent.status != "Rollback" else row


def _only_noted(turn: Any, user_bonus_id: str, order_id: str, _: Any) -> None:
    link = order_links.load(turn.rows, order_id)
    order_links.put(turn.rows, order_id, link._replace(cost=[*link.cost, user_bonus_id]), turn.rules)


def _as_new(bet: Any) -> Any:
    return bet and bet._replace(is_refunded=False)


def _elsewhere(was: Any) -> Any:
    return lambda *given: was(*given[:-1], replace(given[-1], cause="elsewhere/0/0"))


JOIN = [
    Switch("1 a bet belongs to the bonus it names", "attribution.name_of", lambda _: _unnamed),
    Switch(
        "1 bonus money that names none is the oldest's", "attribution.name_of", lambda _: lambda call: call.bonus_ref
    ),
    Switch(
        "1 the oldest, not the youngest",
        "attribution._oldest",
        lambda was: lambda rows, known: was(rows, known._replace(active=known.active[::-1])),
    ),
    Switch("1 a campaign means its active instance", "attribution._of_campaign", never),
    Switch("1 an early bet waits", "attribution.find", unless("not-yet", "none")),
    Switch("1 it waits for an hour", "waiting.limit", never),
    Switch(
        "1 its refund waits with it",
        "play.refund",
        lambda _: lambda turn, _, undone: play._take_back(turn, undone.bet),  # noqa: SLF001 (the seam),
    ),
    Switch(
        "1 its round's end waits with it",
        "waiting.add",
        lambda was: lambda turn, name, role, arrival: "" if role == "end" else was(turn, name, role, arrival),
    ),
    Switch(
        "1 games contribute their percentage",
        "wagering.counted",
        lambda was: lambda bonus, call, rules: was(bonus, call._replace(game_type="slots"), rules),
    ),
    Switch(
        "1 another currency does not wager",
        "wagering.counted",
        lambda was: lambda bonus, call, rules: was(bonus, call._replace(currency=bonus.currency), rules),
    ),
    Switch(
        "1 free spins do not wager",
        "play.bet",
        lambda was: lambda turn, arrival, call, *rest: was(turn, arrival, call._replace(is_free_spin=False), *rest),
    ),
    Switch("2 the first bet that counts starts wagering", "wagering.bet", lambda _: _silently),
    Switch(
        "2 what counts nothing does not",
        "wagering.bet",
        lambda was: lambda turn, bonus, wagered, moment: was(turn, bonus, wagered or 1, moment),
    ),
    Switch("2 progress is told step by step", "wagering.progress_step", always(0)),
    Switch("2 a step is told once", "wagering.take_back", lambda _: _sinking),
    Switch("2 progress says how much", "events:Bonus._progress", always({})),
    Switch("3 the end of a round decides", "wagering.round_end", never),
    Switch(
        "3 its middle does not",
        "play.round_call",
        lambda was: lambda turn, arrival, call, known: was(turn, arrival, call._replace(is_round_end=True), known),
    ),
    Switch("3 worked off is Completed", "wagering._end", unless("Completed", None)),
    Switch("3 nothing left is Lost", "wagering._end", unless("Lost", None)),
    Switch("3 next to nothing is AutoCompleted", "wagering._end", unless("AutoCompleted", None)),
    Switch(
        "3 Completed comes before Lost",
        "wagering._end",
        lambda was: lambda bonus, balance, rules: "Lost" if balance == 0 else was(bonus, balance, rules),
    ),
    Switch(
        "3 Ongoing comes before Completed",
        "wagering.round_end",
        lambda was: (
            lambda turn, bonus, call, moment: was(turn, bonus._replace(ongoing=bonus.ongoing or 1), call, moment)
        ),
    ),
    Switch(
        "3 a balance in another currency says nothing",
        "wagering.round_end",
        lambda was: (
            lambda turn, bonus, call, moment: was(turn, bonus, call._replace(response_currency=bonus.currency), moment)
        ),
    ),
    Switch("4 a bonus expires by itself", "player.expiry", never),
    Switch(
        "4 at once when its time was over before",
        "bonus_row:Bonus.expiry_due",
        lambda was: property(lambda bonus: _later(was.fget(bonus), bonus.sent_at)),
    ),
    Switch(
        "4 one that came back by a later time only",
        "bonus_row:Bonus.expiry_due",
        lambda was: property(lambda bonus: was.fget(bonus._replace(reversed_at=None))),
    ),
    Switch(
        "5 free spins are silent until they are over", "bonus_row:Bonus.is_silent", lambda _: property(lambda _: False)
    ),
    Switch("5 the last round ends them", "free_spins.over", lambda _: lambda _, bonus: bonus),
    Switch("5 they are worth what they have won", "free_spins.won", always(1)),
    Switch("5 what they have won does not expire", "free_spins.won", always(0)),
    Switch(
        "5 the platform's word ends them",
        "bonuses._statuses",
        lambda was: (
            lambda turn, bonus, status, cell: (
                []
                if bonus.is_silent and status not in ("Created", "Forfeited", "Expired")
                else was(turn, bonus, status, cell)
            )
        ),
    ),
    Switch(
        "5 forfeited, they were never created",
        "bonuses._statuses",
        lambda was: (
            lambda turn, bonus, status, cell: (
                ["Created", status] if bonus.is_silent and status == "Forfeited" else was(turn, bonus, status, cell)
            )
        ),
    ),
    Switch(
        "5 a campaign means the instance whose spins go on",
        "free_spins._meant",
        lambda was: lambda rows, name: was(rows, name) if bonus_row.load(rows, name) else None,
    ),
    Switch(
        "6 a win belongs to its round",
        "play.round_call",
        lambda was: (
            lambda turn, arrival, call, known: None if call.action == "win" else was(turn, arrival, call, known)
        ),
    ),
    Switch("7 records wait for the payment", "deposits._hold", lambda _: _at_once),
    Switch(
        "7 a failed payment forfeits",
        "deposits._by",
        lambda was: lambda bonus, deposit: was(bonus, deposit)._replace(payment="approved"),
    ),
    Switch("7 a bonus that is only Pending too", "deposits._forfeit_pending", never),
    Switch(
        "7 the first decision stays",
        "payments.evolve",
        lambda was: lambda row, sent: _decided_last(was(row, sent), sent),
    ),
    Switch("7 a Rollback forfeits", "settling._roll_back", lambda _: lambda _, bonus, __: bonus),
    Switch(
        "7 once per Rollback",
        "settling._roll_back",
        lambda was: lambda turn, bonus, moment: was(turn, bonus._replace(rollbacks=0), moment),
    ),
    Switch("7 the wait has an end", "deposits.limit", never),
    Switch("8 a failed payout gives back", "withdrawals.decided", never),
    Switch("8 one that had failed before too", "withdrawals.forfeited", lambda _: _only_noted),
    Switch("8 once", "order_links.give_back", never),
    Switch("9 a refund takes its wagering back", "wagering.take_back", never),
    Switch("9 a refund that overtakes its bet waits", "refunds.take_waiting", always(None)),
    Switch(
        "9 an overtaken bet wagers nothing",
        "refunds.take_waiting",
        lambda was: lambda *given: was(*given) and None,
    ),
    Switch("9 once per bet", "casino.load_bet", lambda was: lambda *given: _as_new(was(*given))),
    Switch(
        "9 of the bet's amount",
        "casino.send_rollback",
        lambda was: (
            lambda turn, call_id, bet, refund, moment: was(
                turn, call_id, bet._replace(amount=refund.amount or bet.amount), refund, moment
            )
        ),
    ),
    Switch(
        "9 at the bet's rate",
        "casino.send_rollback",
        lambda was: lambda turn, call_id, bet, *rest: was(turn, call_id, bet._replace(rate="9.9"), *rest),
    ),
    Switch("9 what never matches is let go", "refunds.unmatched", never),
    Switch(
        "10 a bet is known by its id",
        "casino.new_bet",
        lambda was: lambda turn, call, cause: (turn.rows.delete("bet", call.call_id), was(turn, call, cause))[1],
    ),
    Switch(
        "10 a win is known by its id",
        "casino.new_win",
        lambda was: lambda turn, call, cause: (turn.rows.delete("win", call.call_id), was(turn, call, cause))[1],
    ),
    Switch(
        "10 for as long as it could come again",
        "casino.remember",
        lambda _: lambda turn, kind, call: turn.rows.put(kind, call.call_id, call.at, call.at + 1),
    ),
    Switch("11 a bet that waited is its event's cause", "waiting.add", _elsewhere),
    Switch("11 a record that waited is its event's cause", "deposits._hold", _elsewhere),
    Switch(
        "11 a dead letter is the waiting record's",
        "deposits.Refusal",
        lambda was: lambda kind, reason, **_: was(kind, reason),
    ),
]
