"""What can be wrong with a record, and which of two things is named when both are."""

from collections.abc import Sequence
from typing import NamedTuple

from tests.integration.sources import DAY_S, Document, at, avro, bet, change, order

NO_KEY = b"\0no key"


class Raw(NamedTuple):
    """The value of a record, in the place of a wallet call."""

    value: bytes | None


class Past(NamedTuple):
    """Good records, and what the CRM is told of them."""

    records: Sequence[Document] = ()
    told: Sequence[str] = ()


class Case(NamedTuple):
    """What befalls one player between two good bets.

    `dead` is the class and the reason of the dead letter; without one the record is dropped, and counted
    under `dropped`.
    """

    poison: Document | Raw
    dead: tuple[str, str] | None = None
    dropped: str = ""
    past: Past = Past()
    key: bytes | None = None
    """Instead of the player's; `NO_KEY` for none."""
    wrong_partition: bool = False
    ahead: bool = False
    """Whether its timestamp is two hours from now."""


PLAYER = "~"
"""Stands for the case's own player; second 0 is when the poison comes."""


def bets(**request: object) -> Document:
    return bet(PLAYER, "poison", 0, **request)


def orders(**fields: object) -> Document:
    return order(PLAYER, "o1", 0, **fields)


def changes(**fields: object) -> Document:
    return change(PLAYER, "b1", 0, **fields)


BET = Past([bet(PLAYER, "poison", -5)], ["casino/debit/poison"])
APPROVED = Past([order(PLAYER, "o1", -5)], ["payment/o1/Approved"])
CREATED = Past([change(PLAYER, "b1", -5)], ["bonus/b1/0/Created"])
COMPLETED = Past(
    [
        change(PLAYER, "b1", -5, type="WagerFree"),
        change(PLAYER, "b1", -4, type="WagerFree", status="Completed"),
    ],
    ["bonus/b1/0/Created", "bonus/b1/0/Completed"],
)

POISON = {
    "bytes without a framing": Case(
        Raw(b"\1\2"), ("undecodable", "the value does not begin with a schema id or a fingerprint")
    ),
    "a value that was cut off": Case(
        Raw(avro(bets())[:-3]), ("undecodable", "the value ends too early, or is of another schema")
    ),
    "bytes behind the value": Case(Raw(avro(bets()) + b"\0"), ("undecodable", "bytes are left over after the value")),
    "no value": Case(Raw(None), ("undecodable", "the record has no value")),
    "a bonus among the wallet calls": Case(
        Raw(avro(changes())), ("undecodable", "the writer's schema does not fit: answered_at is missing")
    ),
    "a fingerprint that nobody knows": Case(
        Raw(b"\xc3\1" + b"\1" * 8), ("unknown-schema", "no schema has the fingerprint 0101010101010101")
    ),
    "an id where no registry is set": Case(
        Raw(b"\0\0\0\0\7abc"), ("unknown-schema", "schema id 7, but no schema registry is set")
    ),
    "the key of somebody else": Case(bets(), ("wrong-key", "the record's key is not its player"), key=b"somebody"),
    "no key": Case(bets(), ("wrong-key", "the record's key is not its player"), key=NO_KEY),
    "Rebilly's own player id as key": Case(
        orders(), ("wrong-key", "the record's key is not its player"), key=f"123_{PLAYER}".encode()
    ),
    "the partition of somebody else": Case(
        bets(), ("wrong-key", "the record's partition is not its key's"), wrong_partition=True
    ),
    "half a cent of EUR": Case(
        orders(OrderAmount="10.005"),
        ("invalid", "OrderAmount: amount is not a whole number of minor units: `10.005` EUR"),
    ),
    "one and a half yen": Case(
        bets(amount=150, currency="JPY"),
        ("invalid", "amount: amount is not a whole number of minor units: 150 hundredths JPY"),
    ),
    "a negative amount": Case(changes(amount="-1.00"), ("invalid", "amount: amount is negative: `-1.00`")),
    "more bonus money than was bet": Case(
        bets(bonus_bet=200), ("invalid", "bonus_bet is larger than amount: 200 hundredths EUR")
    ),
    "U+0000 in an id": Case(bets(transaction_id="a\0b"), ("invalid", "an id holds U+0000")),
    "U+0000 in the player": Case(bet(f"{PLAYER}\0", "poison", 0), ("invalid", "an id holds U+0000")),
    "an empty id": Case(bets(transaction_id=""), ("invalid", "transaction_id is missing")),
    "an unknown action": Case(bets(action="tip"), ("invalid", "action is unknown: `tip`")),
    "an unknown kind of order": Case(orders(Kind="gift"), ("invalid", "Kind is unknown: `gift`")),
    "an unknown status of a bonus": Case(changes(status="Paused"), ("invalid", "status is unknown: `Paused`")),
    "a currency that changes": Case(
        orders(OrderCurrency="GBP"), ("invalid", "currency changed from EUR to GBP"), past=APPROVED
    ),
    "a casino without an origin": Case(
        orders(CasinoID="999", PlayerID=PLAYER), ("unmapped-origin", "casino has no origin: `999`")
    ),
    "a currency without an origin": Case(bets(currency="SEK"), ("unmapped-origin", "currency has no origin: `SEK`")),
    "no rate": Case(bets(currency="USD"), ("missing-rate", f"no rate of USD at {at(0)}")),
    "a rate that begins later": Case(orders(OrderCurrency="JPY"), ("missing-rate", f"no rate of JPY at {at(0)}")),
    "an unknown status of an order": Case(
        orders(Status="teleported"), ("unknown-combination", "unknown combination: deposit teleported/approved")
    ),
    "an unknown result of an order": Case(
        orders(Result="martian"), ("unknown-combination", "unknown combination: deposit completed/martian")
    ),
    "a deposit's status of a payout": Case(
        orders(Kind="payout", Status="waiting-capture", Result=None),
        ("unknown-combination", "unknown combination: withdrawal waiting-capture/unknown"),
    ),
    "a payment declined after it was approved": Case(
        orders(Status="pending", Result="declined"),
        ("illegal-transition", "pending/declined after Approved"),
        past=APPROVED,
    ),
    "a bonus lost before it was there": Case(changes(status="Lost"), ("illegal-transition", "Lost after nothing")),
    "a bonus forfeited after it was completed": Case(
        changes(status="Forfeited", type="WagerFree"),
        ("illegal-transition", "Forfeited after Completed"),
        past=COMPLETED,
    ),
    "a time that is yet to come": Case(bets(), ("invalid", "its timestamp is more than an hour ahead"), ahead=True),
}

PRECEDENCE = {
    "undecodable before wrong-key": Case(
        Raw(b"\1\2"), ("undecodable", "the value does not begin with a schema id or a fingerprint"), key=NO_KEY
    ),
    "undecodable before a time to come": Case(
        Raw(b"\1\2"), ("undecodable", "the value does not begin with a schema id or a fingerprint"), ahead=True
    ),
    "unknown-schema before wrong-key": Case(
        Raw(b"\xc3\1" + b"\1" * 8),
        ("unknown-schema", "no schema has the fingerprint 0101010101010101"),
        key=b"somebody",
    ),
    "wrong-key before a time to come": Case(
        bets(), ("wrong-key", "the record's key is not its player"), key=b"somebody", ahead=True
    ),
    "wrong-key before too old": Case(
        bet(PLAYER, "poison", -8 * DAY_S), ("wrong-key", "the record's key is not its player"), key=b"somebody"
    ),
    "wrong-key before invalid": Case(
        bets(action="tip"), ("wrong-key", "the record's key is not its player"), key=b"somebody"
    ),
    "too old before invalid: a bet": Case(bet(PLAYER, "poison", -8 * DAY_S, action="tip"), dropped="calls-too-old"),
    "too old before invalid: a bonus": Case(
        change(PLAYER, "b1", -8 * DAY_S, status="Paused"), dropped="bonuses-too-old"
    ),
    "too old before invalid: an order": Case(order(PLAYER, "o1", -181 * DAY_S, Kind="gift"), dropped="orders-too-old"),
    "too old before unmapped-origin": Case(bet(PLAYER, "poison", -8 * DAY_S, currency="SEK"), dropped="calls-too-old"),
    "too old before missing-rate": Case(change(PLAYER, "b1", -8 * DAY_S, currency="USD"), dropped="bonuses-too-old"),
    "invalid before unmapped-origin": Case(
        orders(CasinoID="999", PlayerID=PLAYER, Kind="gift"), ("invalid", "Kind is unknown: `gift`")
    ),
    "invalid before late": Case(
        order(PLAYER, "o1", -9, OrderCurrency="GBP", CreatedTime=at(-5)),
        ("invalid", "currency changed from EUR to GBP"),
        past=APPROVED,
    ),
    "invalid before missing-rate": Case(
        bets(currency="USD", bonus_bet=200), ("invalid", "bonus_bet is larger than amount: 200 hundredths USD")
    ),
    "invalid before unknown-combination": Case(
        orders(Kind="gift", Status="teleported"), ("invalid", "Kind is unknown: `gift`")
    ),
    "unmapped-origin before a repeat": Case(
        bets(currency="SEK"),
        ("unmapped-origin", "currency has no origin: `SEK`"),
        past=BET,
    ),
    "unmapped-origin before late": Case(
        order(PLAYER, "o1", -9, CasinoID="999", PlayerID=PLAYER, CreatedTime=at(-5)),
        ("unmapped-origin", "casino has no origin: `999`"),
        past=APPROVED,
    ),
    "unmapped-origin before missing-rate": Case(
        changes(currency="SEK"), ("unmapped-origin", "currency has no origin: `SEK`")
    ),
    "unmapped-origin before unknown-combination": Case(
        orders(CasinoID="999", PlayerID=PLAYER, Status="teleported"),
        ("unmapped-origin", "casino has no origin: `999`"),
    ),
    "a repeat before missing-rate": Case(
        bets(currency="USD"),
        dropped="calls-repeated",
        past=BET,
    ),
    "late before unknown-combination": Case(
        order(PLAYER, "o1", -9, Status="teleported", CreatedTime=at(-5)), dropped="orders-late", past=APPROVED
    ),
    "late before illegal-transition: a payment": Case(
        order(PLAYER, "o1", -9, Status="pending", Result="declined", CreatedTime=at(-5)),
        dropped="orders-late",
        past=APPROVED,
    ),
    "late before illegal-transition: a bonus": Case(
        change(PLAYER, "b1", -9, status="Reversed"), dropped="bonuses-late", past=CREATED
    ),
    "missing-rate before unknown-combination": Case(
        orders(OrderCurrency="USD", Status="teleported"), ("missing-rate", f"no rate of USD at {at(0)}")
    ),
    "missing-rate before illegal-transition": Case(
        changes(currency="USD", status="Lost"), ("missing-rate", f"no rate of USD at {at(0)}")
    ),
}
"""Records with two things wrong, each pair that can come together: which is named?"""

CASES = dict(sorted({**POISON, **PRECEDENCE}.items(), key=lambda item: item[1].ahead))
"""What is to come lies behind what was: an input is taken in its own order."""
