"""Due dates: working days, bank holidays, day end, ceilings; each with its explanation in words.

Hours are elapsed time. Working days are Monday to Friday less the bank holidays of a part of the United Kingdom; day 0
is the day of receipt in the office's zone; due at the day end of day N (R1-R5). It knows no policy and no clock, and
after the last year of the list of bank holidays it knows weekends only.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.model import Due, Unit, Window, aware

LONDON = ZoneInfo("Europe/London")
YEARS = range(2015, 2046)
LEAST = timedelta(hours=2)  # what must be left of a working day for it to be "the same working day"
MORNING = time(9)  # when an office day begins: what is asked, told or sent "in the morning" goes then
#: The library's code of each part of the United Kingdom that has bank holidays of its own.
PARTS = {"england-and-wales": "ENG", "scotland": "SCT", "northern-ireland": "NIR"}
CLOSURE = "closure day"  # the name of a day on which an office that the configuration names is shut
ADDED = "as the configuration says"  # the name of a bank holiday that the configuration adds
#: How far ahead bank holidays must be known: the longest course, and a year to bring a newer list.
AHEAD = timedelta(days=396)
FEWEST = 6  # holidays of a year that is known: no part of the kingdom has so few


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked and when a day ends. `holidays`: dates that are not worked, with their names."""

    holidays: Mapping[date, str]
    day_end: time = time(17)
    zone: ZoneInfo = LONDON

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays


@lru_cache
def calendar(
    closures: tuple[date, ...] = (),
    remove: tuple[date, ...] = (),
    day_end: time = time(17),
    part: str = "england-and-wales",
    bank_holidays: tuple[date, ...] = (),
) -> Calendar:
    """The bank holidays of a part of the United Kingdom (a key of PARTS) from the library `holidays`, 2015 to 2045,
    plus `bank_holidays` and `closures`, less `remove`. A day that is both is a bank holiday."""
    days = dict.fromkeys(closures, CLOSURE) | dict.fromkeys(bank_holidays, ADDED) | dict(_listed_for(part))
    for day in remove:
        days.pop(day, None)
    return Calendar(days, day_end)


@lru_cache
def _listed_for(part: str) -> Mapping[date, str]:
    import holidays as bank_holidays  # where a due date is computed, and for nothing else

    listed = bank_holidays.country_holidays("GB", subdiv=PARTS[part], years=YEARS)
    return {day: _plain_name(name) for day, name in listed.items()}


def _plain_name(name: str) -> str:
    real = name.removesuffix(" (observed)")
    return name if real == name else f"substitute day for {real}"


def unlisted(cal: Calendar, today: date) -> int | None:
    """The first year from `today` to AHEAD of it whose bank holidays are not known, so that they count as working days;
    None where there is none. The list knows them, or the configuration has added them; closure days tell nothing."""
    known = Counter(day.year for day, name in cal.holidays.items() if name != CLOSURE)
    return next((year for year in range(today.year, (today + AHEAD).year + 1) if known[year] < FEWEST), None)


def working_day(start: datetime, n: int, cal: Calendar) -> date:
    """The n-th working day after the local day of `start` (n=0: that day itself; negative n: before it)."""
    day = _local(start, cal).date()
    step = timedelta(days=1 if n > 0 else -1)
    left = abs(n)
    while left:
        day += step
        left -= cal.is_working(day)
    return day


def at_local(day: date, at: time, cal: Calendar) -> datetime:
    """That local wall time as an instant, in UTC: the first of two in autumn, in spring the end of the gap."""
    wall = datetime.combine(day, at, cal.zone)
    moment = aware(wall)
    if _local(moment, cal).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    # The United Kingdom skips whole hours: the skipped hour's first minute, by the clock before, is the change itself.
    return aware(wall.replace(minute=0, second=0, microsecond=0))


def due(window: Window, start: datetime, cal: Calendar, began: str = "received") -> Due:
    """When `window` that began at `start` ends, and why; `began` is the word for that start in the explanation."""
    match window.unit:
        case Unit.HOURS:
            return _after_hours(window, start, cal, began)
        case Unit.WORKING_DAYS if not window.n:
            return _same_working_day(start, cal, began)
        case Unit.WORKING_DAYS:
            return _after_working_days(window, start, cal, began)
        case Unit.CALENDAR_DAYS:
            local = _local(start, cal)
            end = at_local(local.date() + timedelta(days=window.n), local.time(), cal)
            return Due(end, f"{began} {_moment(start, cal)}; {window}, weekends too, end {_moment(end, cal)}")
        case Unit.MONTHS:
            end = at_local(_months_on(_local(start, cal).date(), window.n), cal.day_end, cal)
            return Due(end, f"{began} {_moment(start, cal)}; {window} on is {_moment(end, cal)}")


def _after_hours(window: Window, start: datetime, cal: Calendar, began: str) -> Due:
    """Elapsed time (R2): added in UTC, so that a change of the clocks takes or gives no hour."""
    end = aware(start) + timedelta(hours=window.n)
    shift = (_local(end, cal).utcoffset() or timedelta()) - (_local(start, cal).utcoffset() or timedelta())
    clocks = "; the clocks go forward in between" if shift > timedelta() else ""
    clocks = "; the clocks go back in between" if shift < timedelta() else clocks
    why = f"{began} {_moment(start, cal)}; {window}, nights and weekends too, end {_moment(end, cal)}{clocks}"
    return Due(end, why)


def _after_working_days(window: Window, start: datetime, cal: Calendar, began: str) -> Due:
    """Day 0 is the local day of `start`, worked or not; the day end of day N is the due time (R3)."""
    zero = _local(start, cal).date()
    first, last = working_day(start, 1, cal), working_day(start, window.n, cal)
    end = at_local(last, cal.day_end, cal)
    early, later = _off_between(zero, first, cal), _off_between(first, last, cal)
    one = f"day 1 is {_day(first)}"
    parts = [f"{began} {_moment(start, cal)}"]
    if window.n > 0:
        parts.append(f"{_listed(early)}, so {one}" if early else one)
    parts += [_listed(later)] if later else []
    parts.append(f"{window} {'ends' if window.n == 1 else 'end'} {_moment(end, cal)}")
    return Due(end, "; ".join(parts))


def _same_working_day(start: datetime, cal: Calendar, began: str) -> Due:
    """The end of that working day; of the next where fewer than two working hours of it are left, or it is none."""
    local = _local(start, cal)
    end = at_local(local.date(), cal.day_end, cal)
    has_time = cal.is_working(local.date()) and end - aware(start) >= LEAST
    if has_time:
        return Due(end, f"{began} {_moment(start, cal)}; the same working day ends {_moment(end, cal)}")
    following = at_local(working_day(start, 1, cal), cal.day_end, cal)
    late = f"less than two working hours before {_time_of_day(_local(end, cal))}"
    none = f"on no working day ({which})" if (which := off(start, cal)) else "on no working day"
    why = late if cal.is_working(local.date()) else none
    text = f"{began} {_moment(start, cal)}, {why}, so the next working day counts; it ends {_moment(following, cal)}"
    return Due(following, text)


def _off_between(start: date, end: date, cal: Calendar) -> list[tuple[date, str]]:
    """Weekdays strictly between that are not worked, with their names."""
    days = (start + timedelta(days=i) for i in range(1, (end - start).days))
    return [(day, cal.holidays[day]) for day in days if day.weekday() < 5 and day in cal.holidays]


def _listed(off: Sequence[tuple[date, str]]) -> str:
    return ", ".join(
        f"{_day(day)} is a {CLOSURE}" if name == CLOSURE else f"{_day(day)} is a bank holiday ({name})"
        for day, name in off
    )


def off(moment: datetime, cal: Calendar) -> str:
    """ "Tue 28 Dec is a bank holiday (...)", "" on other days: a weekend is seen by its name."""
    day = _local(moment, cal).date()
    return _listed([(day, cal.holidays[day])]) if day.weekday() < 5 and day in cal.holidays else ""


def _months_on(day: date, n: int) -> date:
    """The same day `n` months on, clipped to the month's end (31 January -> 28 February)."""
    year, month = divmod(day.month - 1 + n, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def ceiling(limit: Window, used: Window | None, opened: datetime, cal: Calendar) -> Due:
    """The latest end of a stage: `limit` less the days `used` before the opening, counted from receipt.

    Raises ValueError where the two have different units: they cannot be subtracted.
    """
    if used is None or used.n == 0:
        left, less = limit, ""
    elif used.unit is limit.unit:
        left, less = Window(max(0, limit.n - used.n), limit.unit), f", less {used} used before it was raised"
    else:
        raise ValueError(f"a ceiling of {limit} cannot be shortened by {used}: give both in the same unit")
    end = (_after_working_days if left.unit is Unit.WORKING_DAYS else due)(left, opened, cal, "received")
    return Due(end.at, f"the policy's ceiling of {limit} from receipt{less}: {end.why}")


def earliest(*dues: Due | None) -> Due:
    """The earliest of those given; its explanation says which limit won. Raises ValueError when all are None."""
    given = [d for d in dues if d is not None]
    if not given:
        raise ValueError("no limit was given: a stage cannot be due never")
    first = min(given, key=lambda d: d.at)
    others = sum(d.at > first.at for d in given)
    return Due(first.at, f"the earliest of {others + 1} limits: {first.why}") if others else first


def working_hours(start: datetime, n: int, cal: Calendar) -> datetime:
    """`n` hours of office time after `start`: from 9am to the day end of working days."""
    at, left = start.astimezone(cal.zone), timedelta(hours=n)
    while True:
        opens = datetime.combine(at.date(), MORNING, cal.zone)
        shuts = datetime.combine(at.date(), cal.day_end, cal.zone)
        begins = max(at, opens)
        if cal.is_working(at.date()) and begins + left <= shuts:
            return (begins + left).astimezone(UTC)
        if cal.is_working(at.date()) and begins < shuts:
            left -= shuts - begins
        at = datetime.combine(at.date() + timedelta(days=1), MORNING, cal.zone)


def before(moment: datetime, n: int, cal: Calendar, at: time = MORNING) -> datetime:
    """`at` o'clock local, `n` working days before the local day of `moment`."""
    return at_local(working_day(moment, -n, cal), at, cal)


def next_morning(moment: datetime, cal: Calendar, at: time = MORNING, n: int = 1) -> datetime:
    """`at` o'clock local of the n-th working day after the local day of `moment`."""
    return at_local(working_day(moment, n, cal), at, cal)


def opens(moment: datetime, cal: Calendar, at: time = MORNING) -> datetime:
    """When people are at work next, outside office hours: `at` o'clock local of the same working day, else the next."""
    local = _local(moment, cal)
    is_early = cal.is_working(local.date()) and local.time() < at
    return at_local(local.date(), at, cal) if is_early else next_morning(moment, cal, at)


def say(moment: datetime, cal: Calendar) -> str:
    """ "Wednesday 13 January 2027, 10:05am": an instant as letters write it, in the office's zone."""
    local = _local(moment, cal)
    return f"{local:%A} {local.day} {local:%B %Y}, {_time_of_day(local)}"


def named(moment: datetime, cal: Calendar) -> str:
    """ "noon Wednesday 13 January": a time that somebody named, as a subject carries it."""
    local = _local(moment, cal)
    day = f"{local:%A} {local.day} {local:%B}"
    at = {"12 noon": "noon", "midnight at the start of the day": "midnight at the start of"}
    hour = _time_of_day(local)
    return f"{at.get(hour, hour)} {day}"


def _local(moment: datetime, cal: Calendar) -> datetime:
    return aware(moment).astimezone(cal.zone)


def _moment(moment: datetime, cal: Calendar) -> str:
    local = _local(moment, cal)
    return f"{_day(local)} {local.year}, {_time_of_day(local)}"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _time_of_day(local: datetime) -> str:
    """As `hour_in_words`; in the hour that autumn repeats, with the zone's name."""
    words = hour_in_words(local.time())
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return f"{words} {local:%Z}" if twice else words


def hour_in_words(at: time) -> str:
    """5pm, 10:05am, 12 noon."""
    hour, half = at.hour % 12 or 12, "am" if at.hour < 12 else "pm"
    named = {0: "midnight at the start of the day", 12: "12 noon"}.get(at.hour) if at.minute == 0 else None
    return named or (f"{hour}:{at.minute:02}{half}" if at.minute else f"{hour}{half}")
