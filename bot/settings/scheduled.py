"""When a business unit is sent a report that nobody asked for: after each quarter, after each year, or never."""

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from bot.rules.policy.grammar import listed
from bot.settings.door import Block


def _an_hour(value: Any) -> Any:
    """ "09:00", also where YAML or a hurry wrote it otherwise."""
    if isinstance(value, time):
        return value
    try:
        hour = time.fromisoformat(str(value).strip().replace(".", ":").rjust(5, "0"))
    except ValueError:
        hour = None
    if hour is None or hour.tzinfo is not None:
        raise ValueError("write an hour of the day such as 09:00, without a zone")
    return hour


class ReportBlock(Block):
    """`every`: of which spans, each once it is over; none: reports are made when somebody asks. `at`: not before this
    hour of a working day, in the office's zone."""

    every: Annotated[tuple[Literal["quarter", "year"], ...], BeforeValidator(listed)] = ()
    at: Annotated[time, BeforeValidator(_an_hour)] = time(9)
    public: bool = False  # the edition for publication besides
