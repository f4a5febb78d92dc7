"""What the business unit's words do: confirm, dismiss, hold, let go, leave alone, file.

Who may say one is in rules/authority.py; YES, NO and NOT OURS stand here because they answer the same letter, whoever
else may give them. What a digest's answer places is mail/words/orders.py's.
"""

from bot.case.course import approval, closing
from bot.case.course.opening import confirmed
from bot.case.making.draft import Draft
from bot.case.making.notices import file_record
from bot.case.said import answers, shadow
from bot.case.said.command import Said, Tell, nothing_changed, tell
from bot.model import ClosedAs, EventKind, Flag
from bot.model.letters import Question
from bot.rules.authority import Side
from bot.rules.workdays import say

_NO_QUESTION = Tell(
    "It answers no open question that was put to you.", "Please reply with YES or NO to the letter that asks."
)
_IS_CONFIRMED = Tell("The sender of the challenge is confirmed already.")
_NONE_WAITS = Tell("No letter of this challenge waits.")
_NO_GO = Tell("Nothing of this challenge waits for a GO.")
_GO_GIVEN = Tell("A GO was given already, and is remembered until the time of the stage ends.")
_NOT_WATCHED = Tell("This challenge was not only watched: its letters go.", "HOLD lets them wait for a while.")
_LEFT = Tell("This challenge is left alone already.", "GO lets its letters go.")


def yes(d: Draft, said: Said) -> None:
    """A challenge whose sender was in doubt is confirmed and becomes an ordinary one."""
    if d.case.unproven and d.case.is_open:
        confirmed(d, said.by.email)
    else:
        nothing_changed(d, said, _NO_QUESTION)


def no(d: Draft, said: Said) -> None:
    """It is kept for a person, and its sender is told which letter to answer."""
    d.event(EventKind.ATTACHED, by=said.by.email, note=f"{said.word}: for a person")
    d.flag(Flag.WORD_FOR_A_PERSON)
    tell(d, said, _NO_QUESTION)


def admit(d: Draft, said: Said) -> None:
    """Whoever raised it is admitted: a challenge whose sender was in doubt becomes an ordinary one."""
    if d.case.unproven:
        confirmed(d, said.by.email)
    else:
        nothing_changed(d, said, _IS_CONFIRMED)


def not_ours(d: Draft, said: Said) -> None:
    """The business unit dismisses anything, the challenged side only what a stranger sent. Of a colleague's challenge
    the raiser decides, and is asked."""
    if d.is_stranger or Side.UNIT in said.stand:
        closing.close(d, ClosedAs.NOT_A_CHALLENGE, said.by, said.mail)
        return
    d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: the raiser decides")
    d.write(Question.Meaning(choices=answers.CHOICES), [d.case.raiser], mail=said.mail, human=said.by)


def hold(d: Draft, said: Said) -> None:
    """Letters wait while a person looks; the clock does not."""
    if d.case.hold_until is None:
        closing.hold(d, said.by.email)
    else:
        until = say(d.case.hold_until, d.rules.calendar)
        nothing_changed(d, said, Tell(f"Letters wait already, until {until}.", "RELEASE lets them go before."))


def release(d: Draft, said: Said) -> None:
    """Letters that waited go."""
    if d.case.hold_until is None:
        nothing_changed(d, said, _NONE_WAITS)
    else:
        closing.release(d, said.by.email)


def go(d: Draft, said: Said) -> None:
    """Lets the letters go of a case that was only watched, else an escalation that waits, or will."""
    if d.case.has(Flag.SHADOWED) and d.rules.mode != "shadow":
        shadow.go(d, said.by)
    elif d.case.has(Flag.AWAITING_GO) or (d.rules.mode == "approve" and not d.case.has(Flag.GO_GIVEN)):
        approval.go(d, said.by.email)
    else:
        nothing_changed(d, said, _GO_GIVEN if d.rules.mode == "approve" else _NO_GO)


def leave(d: Draft, said: Said) -> None:
    """Nothing is sent of a case that was only watched, to its end."""
    if not d.case.has(Flag.SHADOWED):
        nothing_changed(d, said, _NOT_WATCHED)
    elif d.case.has(Flag.SHADOW_LEFT):
        nothing_changed(d, said, _LEFT)
    else:
        shadow.leave(d, said.by)


def record(d: Draft, _said: Said) -> None:
    """The record goes, as it stands, to where the policy has it filed."""
    file_record(d, d.rules.policy.filing.content)
