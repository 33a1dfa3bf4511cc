"""A bonus's wagering, kept by hand beside the program."""

from typing import Any

from teller import Teller

from processors.facts import BonusChange, WalletCall

PERCENT = {"slots": 100, "table_games": 10, "live": 100}


class Book:
    """What a bonus's bets come to, kept by hand: hundredths of a minor unit."""

    def __init__(self, tell: Teller, bonus: BonusChange, ref: str | None) -> None:
        self.tell = tell
        self.bonus = bonus
        self.ref = ref
        self.wagered = 0
        self.step = 0
        self.ongoing = 0

    @property
    def is_done(self) -> bool:
        return self.wagered >= 100 * (self.bonus.required or 0)

    def bet(self, units: float, **said: Any) -> WalletCall:
        """A bet of bonus money comes, and the CRM hears of the progress it makes."""
        stake = self.tell.money(units)
        bet = self.tell.bet(**{"amount": stake, "bonus_amount": stake, "bonus_ref": self.ref, **said})
        self.count(bet)
        return bet

    def count(self, bet: WalletCall) -> None:
        counted = bet.bonus_amount * PERCENT[bet.game_type or "slots"] * (bet.currency == self.bonus.currency)
        self.wagered += counted
        step = min(self.wagered // (25 * (self.bonus.required or 1)), 4)
        if counted and (self.ongoing == 0 or step > self.step):
            open_percents = max(100 * (self.bonus.required or 0) - self.wagered, 0)
            meta = {"wagered_amount": self.units(self.wagered), "open_requirement": self.units(open_percents)}
            self.tell.hears_bonus(self.bonus, "Ongoing", k=self.ongoing, meta=meta, because=bet)
            self.ongoing += 1
        self.step = max(self.step, step)

    def take_back(self, bet: WalletCall) -> None:
        self.wagered -= bet.bonus_amount * PERCENT[bet.game_type or "slots"] * (bet.currency == self.bonus.currency)

    def units(self, percents: int) -> float:
        return percents / (100 * self.tell.money(1))

    def hears_end(self, left: float) -> None:
        """A round of the bonus is over, and so much bonus money is left: that ends the bonus."""
        if self.is_done:
            real = self.tell.number(self.tell.money(left))
            self.tell.hears_bonus(self.bonus, "Completed", bonus_turned_real=real)
        else:
            self.tell.hears_bonus(self.bonus, "AutoCompleted" if left else "Lost")
