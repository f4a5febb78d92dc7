"""What the business unit's words do: confirm, dismiss, hold, let go, leave alone, hand out. ACTS is the table.

Who may say one is in rules/authority.py; YES and NOT OURS stand here because they answer the same letter, whoever else
may give them. What a digest's answer places is mail/words/orders.py's.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.case.course import approval, closing
from bot.case.course.opening import confirmed
from bot.case.making.draft import Draft
from bot.case.making.notices import file_record
from bot.case.said import answers, command, shadow
from bot.case.said.command import Said
from bot.model import ClosedAs, EventKind, Flag
from bot.model.letters import Question
from bot.rules.authority import Side


def _confirmed(d: Draft, said: Said) -> None:
    """YES, and ADMIT of whoever raised it: a provisional case becomes an ordinary one."""
    if d.case.unproven and d.case.is_open:
        confirmed(d, said.by.email)


def _not_ours(d: Draft, said: Said) -> None:
    """The business unit dismisses anything; the challenged side only what a stranger sent: of a colleague's challenge
    the raiser decides, and is asked."""
    if not d.case.is_open:
        return
    if d.is_stranger or Side.UNIT in said.stand:
        closing.close(d, ClosedAs.NOT_A_CHALLENGE, said.by, said.mail)
        return
    d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: the raiser decides")
    d.write(Question.Meaning(choices=answers.CHOICES), [d.case.raiser], mail=said.mail, human=said.by)


def _hold(d: Draft, said: Said) -> None:
    if d.case.is_open:
        closing.hold(d, said.by.email)


def _release(d: Draft, said: Said) -> None:
    closing.release(d, said.by.email)


def _go(d: Draft, said: Said) -> None:
    """To a case that was watched while no letter could go, else to an escalation that waits."""
    if d.case.has(Flag.SHADOWED) and d.case.is_open and d.rules.mode != "shadow":
        shadow.go(d, said.by)
    else:
        approval.go(d, said.by.email)


def _leave(d: Draft, said: Said) -> None:
    shadow.leave(d, said.by)


def _record(d: Draft, _said: Said) -> None:
    """As it stands, to where the policy has it filed."""
    file_record(d, d.rules.policy.filing.content)


def _handed_out(d: Draft, said: Said) -> None:
    command.handed_out(d, said.word, said.by, said.mail)


ACTS: dict[str, Callable[[Draft, Said], None]] = {
    "YES": _confirmed,
    "ADMIT": _confirmed,
    "NOT OURS": _not_ours,
    "HOLD": _hold,
    "RELEASE": _release,
    "GO": _go,
    "LEAVE": _leave,
    "RECORD": _record,
    **dict.fromkeys(command.HANDED_OUT, _handed_out),
}
