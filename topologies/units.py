"""Durations, sizes, times, mappings and sets of partitions, as people write them on a command line."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

DURATION_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
SIZE_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 10**3, "MB": 10**6, "GB": 10**9}
SHOWN_SIZE_UNITS = ("GiB", "MiB", "KiB", "B")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PARTITION_MAX = 32_767
"""No topic has so many; of a slip of the finger, all would be written down."""

# Of more digits Python would refuse to make a number at all, in words of its own.
_WORDS = re.compile(r"(?:\d{1,15}(?:ms|s|m|h|d)){1,10}")
_WORD = re.compile(r"(\d+)(ms|s|m|h|d)")
_ISO = re.compile(r"P(?=.)(?:(\d{1,15})W)?(?:(\d{1,15})D)?(?:T(?=.)(?:(\d{1,15})H)?(?:(\d{1,15})M)?(?:(\d{1,15})S)?)?")
_ISO_UNITS = (7 * DURATION_UNITS["d"], *(DURATION_UNITS[unit] for unit in "dhms"))
_SIZE = re.compile(rf"(\d{{1,15}})\s*({'|'.join(SIZE_UNITS)})?")
_NUMBER = re.compile(r"[0-9]{1,15}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def duration(text: str) -> int:
    """Milliseconds of `500ms`, `7d`, `1h30m` or ISO 8601's `P1D`, `PT2H`; `0` needs no unit.

    Raises:
        ValueError: not a duration; years and months are none, because their length varies.
    """
    if text == "0":
        return 0
    if _WORDS.fullmatch(text):
        return sum(int(number) * DURATION_UNITS[unit] for number, unit in _WORD.findall(text))
    if iso := _ISO.fullmatch(text):
        return sum(int(number or 0) * unit for number, unit in zip(iso.groups(), _ISO_UNITS, strict=True))
    raise ValueError(f"`{text}` is no duration such as 500ms, 10s, 1h30m, 7d or P1D")


def duration_text(duration_ms: int) -> str:
    """The shortest single word for a duration: `7d`, `90s`, `0`."""
    for unit in reversed(DURATION_UNITS):
        if duration_ms and duration_ms % DURATION_UNITS[unit] == 0:
            return f"{duration_ms // DURATION_UNITS[unit]}{unit}"
    return "0"


def size(text: str) -> int:
    """Bytes of `64MiB`, `1GB` or `1048576`.

    Raises:
        ValueError: not a size.
    """
    if found := _SIZE.fullmatch(text):
        return int(found[1]) * SIZE_UNITS[found[2] or "B"]
    raise ValueError(f"`{text}` is no size such as 64MiB, 1GiB or 1048576")


def size_text(size_bytes: int) -> str:
    """The shortest exact word for a size: `64MiB`, `1000B`."""
    unit = next(unit for unit in SHOWN_SIZE_UNITS if size_bytes % SIZE_UNITS[unit] == 0)
    return f"{size_bytes // SIZE_UNITS[unit]}{unit}" if size_bytes else "0"


def instant(text: str) -> int:
    """Milliseconds since 1970 UTC of an RFC 3339 time, or of a date (its midnight, UTC).

    Raises:
        ValueError: neither, or a time without its offset from UTC.
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is no time such as 2026-11-20T10:00:00Z or 2026-11-20") from None
    if _DATE.fullmatch(text):
        parsed = parsed.replace(tzinfo=UTC)
    if parsed.tzinfo is None:
        raise ValueError(f"`{text}` does not say its offset from UTC: add Z or +01:00")
    try:
        # In UTC it may lie before the year 1, or behind 9999.
        return (parsed.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)
    except OverflowError:
        raise ValueError(f"`{text}` is no time such as 2026-11-20T10:00:00Z or 2026-11-20") from None


def instant_text(time_ms: int) -> str:
    """RFC 3339 in UTC, with milliseconds only when there are some."""
    moment = EPOCH + timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds").replace("+00:00", "Z")


def since(text: str, now_ms: int) -> int:
    """Milliseconds since 1970 UTC of an RFC 3339 time, a date, or a duration back from `now_ms`; not before 1970.

    Raises:
        ValueError: none of the three.
    """
    try:
        return max(0, now_ms - duration(text))
    except ValueError:
        pass
    try:
        return max(0, instant(text))
    except ValueError as error:
        raise ValueError(f"{error}, nor a duration back from now such as 2h or P1D") from None


def mapping(text: str) -> Mapping[str, str]:
    """The pairs of `123=brand.com,124=x`.

    Raises:
        ValueError: a part without `=`, an empty side, or a key that comes twice.
    """
    pairs: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        key, equals, value = (side.strip() for side in part.partition("="))
        if not (key and equals and value):
            raise ValueError(f"`{part}` is no pair such as 123=brand.com")
        if key in pairs:
            raise ValueError(f"`{key}` comes twice")
        pairs[key] = value
    return pairs


def partitions(text: str) -> frozenset[int] | None:
    """The partitions of `3` or `0-2,5`; None for `all`.

    Raises:
        ValueError: not a set of partitions.
    """
    if text == "all":
        return None
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not _NUMBER.fullmatch(first) or not _NUMBER.fullmatch(last or first) or int(last or first) < int(first):
            raise ValueError(f"`{text}` is no set of partitions such as 3, 0-2,5 or all")
        if int(last or first) > PARTITION_MAX:
            raise ValueError(f"`{text}` names partitions beyond {PARTITION_MAX}")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def web_addresses(text: str) -> str:
    """Web addresses with commas between, or none, as they are. The message repeats none: a password may stand in it."""
    if text and not all(re.fullmatch(r"https?://\S+", each.strip()) for each in text.split(",")):
        raise ValueError("should begin with http:// or https://, such as http://localhost:8081")
    return text
