"""Bonuses as the platform reports them, and as they expire."""

from typing import Any

from samples import DAY, HOUR, SECOND
from teller import Story, Teller

from processors.facts import BonusChange

PLATFORM = {
    "claimed and completed": "Pending:Pending Created:Created Completed:Completed",
    "wagered and completed": "Created:Created Ongoing:Ongoing Ongoing:Ongoing Completed:Completed",
    "wagered before it was created": "Pending:Pending Ongoing:Created,Ongoing Completed:Completed Ongoing:",
    "ongoing at once": "Ongoing:Created,Ongoing Lost:Lost",
    "told twice": "Created:Created Created: Ongoing:Ongoing Created: Pending: Forfeited:Forfeited Forfeited:",
    "never claimed": "Pending:Pending Pending: Expired:Expired Expired:",
    "expired unseen": "Expired:Expired Created: Ongoing: Pending:",
    "forfeited unseen": "Forfeited:Forfeited Pending: Created: Ongoing:",
    "given up": "Pending:Pending Forfeited:Forfeited",
    "expired at work": "Created:Created Ongoing:Ongoing Expired:Expired",
    "expired": "Created:Created Expired:Expired",
    "lost at once": "Created:Created Lost:Lost Lost:",
    "swept up": "Created:Created AutoCompleted:AutoCompleted AutoCompleted:",
    "swept up at work": "Ongoing:Created,Ongoing AutoCompleted:AutoCompleted Ongoing:",
    "completed at once": "Created:Created Completed:Completed Completed: Created: Pending:",
    "forfeited and given back": "Created:Created Forfeited:Forfeited Reversed:Reversed Completed:Completed",
    "given back three times": (
        "Created:Created AutoCompleted:AutoCompleted Pending: Created: Ongoing: Reversed:Reversed Reversed: "
        "Ongoing:Ongoing Reversed: Forfeited:Forfeited Reversed:Reversed Lost:Lost Created: Pending: Ongoing: "
        "Reversed:Reversed Created: Pending: Expired:Expired Reversed:Reversed AutoCompleted:AutoCompleted"
    ),
    "expired and given back": "Pending:Pending Expired:Expired Reversed:Reversed Forfeited:Forfeited",
    "lost and given back": "Created:Created Ongoing:Ongoing Lost:Lost Reversed:Reversed Expired:Expired Created:",
    "lost again": "Created:Created Lost:Lost Reversed:Reversed Lost:Lost",
    "still at work": "Pending:Pending Created:Created Ongoing:Ongoing",
}
"""What the platform says and what the CRM hears of it; every Reversed begins an epoch."""

FREE = {
    "completed unseen": "Completed:Completed Created: Ongoing: Pending:",
    "completed while pending": "Pending:Pending Completed:Completed Completed:",
}
"""Nothing has to be wagered."""


def platform_bonus(tell: Teller) -> Story:
    """The platform alone decides."""
    pattern = tell.random.choice(sorted(PLATFORM))
    bonus = tell.new_bonus(type=tell.random.choice(["WelcomeBonus", "ReloadBonus", "NoDeposit", "Loyalty"]))
    said(tell, bonus, PLATFORM[pattern])
    return tell.story(f"bonus {pattern}", is_settled=True)


def free_bonus(tell: Teller) -> Story:
    """A bonus without a requirement can be completed out of nowhere."""
    pattern = tell.random.choice(sorted(FREE))
    kinds: list[dict[str, Any]] = [{"type": "WagerFree"}, {"required": None}, {"required": 0}]
    said(tell, tell.new_bonus(**tell.random.choice(kinds)), FREE[pattern])
    return tell.story(f"bonus {pattern}", is_settled=True)


def expiring(tell: Teller) -> Story:
    """Nobody says so, but the time is over."""
    first = tell.random.choice(["Pending", "Created", "Ongoing"])
    bonus = tell.new_bonus(expires_at=tell.now + 2 * DAY)
    tell.platform(bonus, first)
    if first == "Ongoing":
        tell.hears_bonus(bonus, "Created")
    tell.hears_bonus(bonus, first)
    tell.now += 2 * DAY - SECOND
    tell.tell(tell.call(succeeded=False))
    tell.now += tell.random.choice([SECOND, HOUR])
    tell.hears_bonus(bonus, "Expired")
    tell.tell(tell.call(succeeded=False))
    return tell.story(f"bonus expires, {first}", is_settled=False, is_short=False)


def expired_already(tell: Teller) -> Story:
    """The time was over before it began."""
    bonus = tell.new_bonus(expires_at=tell.now - HOUR)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.hears_bonus(bonus, "Expired")
    return tell.story("bonus expired already", is_settled=False)


def reversed_expires_again(tell: Teller) -> Story:
    """A bonus that came back lives until an expires_at later than that."""
    bonus = tell.new_bonus(expires_at=tell.now + HOUR)
    tell.platform(bonus, "Created")
    tell.hears_bonus(bonus, "Created")
    tell.now += HOUR
    tell.hears_bonus(bonus, "Expired")
    tell.tell(tell.call(succeeded=False))
    tell.later()
    until = tell.now + HOUR if tell.chance(50) else bonus.expires_at
    tell.platform(bonus, "Reversed", expires_at=until)
    tell.hears_bonus(bonus, "Reversed", epoch=1)
    tell.now += 2 * HOUR
    if until != bonus.expires_at:
        tell.hears_bonus(bonus, "Expired", epoch=1)
    tell.tell(tell.call(succeeded=False))
    return tell.story("bonus expired and came back", is_settled=False, is_short=False)


def too_old_word(tell: Teller) -> Story:
    """After a week an end is forgotten; the words before it do not bring the bonus back."""
    bonus = tell.new_bonus()
    words = [tell.platform(bonus, "Created")]
    tell.hears_bonus(bonus, "Created")
    tell.later()
    words.append(tell.platform(bonus, "Completed"))
    tell.hears_bonus(bonus, "Completed")
    tell.now += 8 * DAY
    another = tell.platform(tell.new_bonus(), "Pending")
    tell.hears_bonus(another, "Pending")
    for word in words:
        tell.tell(word)
    tell.counted["bonuses-too-old"] = 2
    return tell.story("bonus too old", is_settled=False, is_short=False)


def said(tell: Teller, bonus: BonusChange, pattern: str, epoch: int = 0) -> None:
    """The platform's words come, some of them twice, some again when they are late."""
    words: list[BonusChange] = []
    ongoing = 0
    for word in pattern.split():
        status, _, heard = word.partition(":")
        words.append(tell.platform(bonus, status))
        for event in filter(None, heard.split(",")):
            epoch, ongoing = (epoch + 1, 0) if event == "Reversed" else (epoch, ongoing)
            tell.hears_bonus(bonus, event, epoch=epoch, k=ongoing)
            ongoing += event == "Ongoing"
        tell.again(words[-1])
        tell.again(tell.random.choice(words), percent=10)
        tell.later()
