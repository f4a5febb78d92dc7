"""The last look at a letter before it leaves: may it go to these addresses, and can a mail server carry these bytes?

Every transport asks here, on the final envelope, whatever was checked before. It knows no protocol and no policy;
the allow-list is a function that it is given.
"""

from collections.abc import Callable

from bot.doors.ports import Envelope, Refusal

Allowed = Callable[[str], bool]

LONGEST_LINE = 998  # RFC 5322 section 2.1.1, without CRLF

#: With one of these a client could read another address, or a second command, out of what the allow-list saw as one.
_MEANS_MORE = frozenset(' \t\r\n\v\f\0<>(),:;"[]\\')


def sift(envelope: Envelope, allowed: Allowed) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
    """The recipients that may be written to, and refusals of the others. Each address once, in order."""
    addresses = tuple(dict.fromkeys(envelope.recipients))
    refusals = tuple(r for r in (_look(a, envelope.may_leave, allowed) for a in addresses) if r)
    barred = {r.recipient for r in refusals}
    return tuple(a for a in addresses if a not in barred), refusals


def check_lines(raw: bytes) -> None:
    """Raises ValueError for a line that no mail server need carry: the letter was made wrongly."""
    if any(len(line) > LONGEST_LINE for line in raw.splitlines()):
        raise ValueError(f"a letter with a line longer than {LONGEST_LINE} bytes")


def _look(address: str, may_leave: frozenset[str], allowed: Allowed) -> Refusal | None:
    if address.count("@") != 1 or not _MEANS_MORE.isdisjoint(address):
        return Refusal(address, "5.1.3", "not one plain address", is_hard=True)
    if address not in may_leave and not allowed(address):
        return Refusal(address, "5.7.1", "outside the allow-list", is_hard=True)
    return None
