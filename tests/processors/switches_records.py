"""The rules about single records, each with its switch: payments, the table of the bonuses, retention."""

from switches import Switch, always, never, unless

from processors import payment_decision

RECORDS = [
    Switch("payment: an older version is late", "payments._stale", unless("orders-late", None)),
    Switch("payment: the same again is a repeat", "payments._stale", unless("orders-repeated", None)),
    Switch("payment: a late approval is news", "payment_decision._reopen", always(payment_decision.Decision())),
    Switch("payment: a part is rolled back", "payment_decision._part", always([])),
    Switch(
        "payment: only what was not rolled back yet",
        "payment_decision._rollback",
        lambda was: lambda _, order: was(order.amount, order),
    ),
    Switch(
        "payment: what was approved is the purchase",
        "payment_decision._fill",
        lambda was: lambda cell, before, order: was(cell, before, order._replace(purchase_amount=None)),
    ),
    Switch(
        "payment: nothing after a complete Rollback",
        "payment_rows:PaymentRow.is_undone",
        lambda _: property(lambda _: False),
    ),
    Switch(
        "payment: an id that is taken is not taken twice",
        "payment_rows.free_id",
        lambda _: lambda _, wanted, *__: wanted,
    ),
    Switch(
        "payment: an OrderID means another after a day",
        "payment_rows.same",
        lambda _: lambda payments, _: payments[-1] if payments else None,
    ),
    Switch(
        "payment: its id stays",
        "payments._accepted",
        lambda was: lambda rows, before, *rest: was(rows, before._replace(payment_id=None), *rest),
    ),
    Switch("payment: unresolved is looked after", "payments._keep_timer", never),
    Switch("bonus: a dup is dropped", "bonuses.judge", unless("dup", "yes")),
    Switch("bonus: late is dropped", "bonuses.judge", unless("late", "yes")),
    Switch("bonus: what cannot follow is refused", "bonuses.judge", unless("no", "yes")),
    Switch("bonus: Created comes before Ongoing", "bonuses.judge", unless("created-first", "yes")),
    Switch("bonus: an older record is late", "bonuses._stale", unless("bonuses-late", None)),
    Switch("bonus: the same again is a repeat", "bonuses._stale", unless("bonuses-repeated", None)),
    Switch(
        "bonus: Reversed begins an epoch",
        "lifecycle._evolve",
        lambda was: lambda turn, bonus, status, at: was(turn, bonus, status, at)._replace(epoch=0),
    ),
    Switch(
        "bonus: no event is before the last one",
        "lifecycle._evolve",
        lambda was: lambda turn, bonus, status, at: was(turn, bonus._replace(sent_at=None), status, at),
    ),
    Switch("retention: an old call is not looked at", "casino.is_too_old", always(None)),
    Switch("retention: an old bonus record is not looked at", "bonuses.is_too_old", always(None)),
    Switch("retention: an old order is not looked at", "payments.is_too_old", always(None)),
]
