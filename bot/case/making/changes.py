"""The case as a decision changes it: every change has its name here, and a state is changed nowhere else.

It knows no rule: when something changes, and what people hear, is course/'s and said/'s. It writes no letter, no event.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime

from bot.model import (
    COMMITMENT,
    AlarmKind,
    Case,
    ClosedAs,
    Contact,
    Deadline,
    Delayed,
    Due,
    EndedAs,
    FormState,
    Heard,
    Mail,
    Outsider,
    Question,
    QuestionKind,
    Served,
    Side,
    StageRun,
    State,
    Task,
    Unproven,
    Window,
)
from bot.model.flags import Flag, Flagged

#: Alarms that do not belong to the running stage: `quiet()` leaves them.
LASTING = frozenset(
    map(
        AlarmKind,
        (
            "hold_end", "word_manager", "child_file", "action", "action_late", "prompt", "prompt_late",
            "meeting_record",
        ),
    )
)  # fmt: skip


class Changing:
    """A case, and what may become of it at `now`."""

    def __init__(self, case: Case, now: datetime) -> None:
        self.case = case
        self.now = now

    # --- where it stands ----------------------------------------------------------------------------------------

    @property
    def is_stranger(self) -> bool:
        return self.case.state is State.PROVISIONAL and self.case.unproven is Unproven.STRANGER

    def enter_stage(self, stage: str, responders: Iterable[Contact], window: Window | None) -> None:
        """A new run, whose clock waits for its letter. A challenge that nobody has confirmed stays provisional."""
        was = self.case.state
        self.case = replace(
            self.case,
            state=was if was is State.PROVISIONAL else State.AWAITING_RESPONSE,
            stage=stage,
            served=tuple(Served(contact) for contact in responders),
            runs=(*self.case.runs, StageRun(stage, self.now, window)),
            asks=0,
            tellings=0,
            owner="",
        )

    def confirm(self) -> None:
        """Somebody stands behind the challenge; what came meanwhile, an answer or a word, stays."""
        state = State.AWAITING_RESPONSE if self.case.state is State.PROVISIONAL else self.case.state
        self.case = replace(self.case, state=state, unproven=Unproven.NO)

    def await_response(self) -> None:
        """Again, at the same stage; a stranger's stays provisional."""
        self.case = self.case if self.is_stranger else replace(self.case, state=State.AWAITING_RESPONSE)

    def await_confirmation(self) -> None:
        """A stranger is asked nothing, and their case stays where it is."""
        if self.case.unproven is not Unproven.STRANGER:
            self.case = replace(self.case, state=State.AWAITING_CONFIRMATION)

    def await_outcome(self, word: str, by: Contact, at: datetime, due: Due) -> None:
        """`word` (RESOLVED, DECIDED) was said `at`; the outcome in writing is due."""
        self.case = replace(self.case, state=State.AWAITING_OUTCOME, closing_word=word, closing_at=at, closing_by=by)
        self.next_due(due.at, due.why)

    def take_back_word(self) -> None:
        """The closing word no longer stands."""
        self.case = replace(self.case, closing_word="", closing_at=None, closing_by=None)

    def close(self, closed_as: ClosedAs, same_as: str = "") -> None:
        """`same_as`: the ref of the case that goes on for both."""
        ended = replace(self.case, state=State.CLOSED, closed_as=closed_as, closed=self.now, same_as=same_as)
        self.case = replace(ended, due=None, due_why="")

    def reopen(self) -> None:
        """What its end left behind is taken back; the stage is entered afresh by `enter_stage`."""
        self.take_back_word()
        self.case = replace(
            self.case, state=State.AWAITING_RESPONSE, closed_as=None, closed=None, same_as="", outcome="", questions=()
        )

    def start_at(self, stage: str) -> None:
        """Another stage than the policy's first, before any has run."""
        self.case = replace(self.case, stage=stage)

    def first_run(self, window: Window, started: datetime, by: datetime | None) -> None:
        """The stage that the challenge opens at, with the time it asks for."""
        run = StageRun(self.case.stage, started, window, by=by)
        self.case = replace(self.case, window=window, requested_by=by, runs=(run,))

    def run_again(self) -> None:
        """The same stage and window from now: its time ran out while nobody stood behind the challenge."""
        window = self.case.run.window if self.case.run else None
        self.case = replace(self.case, runs=(*self.case.runs, StageRun(self.case.stage, self.now, window)))

    def end_run(self, ended_as: EndedAs, at: datetime) -> None:
        how = EndedAs.WATCHED if self.case.has(Flag.SHADOWED) else ended_as  # whatever was said meanwhile
        self._put_run(replace(self.case.runs[-1], ended=at, ended_as=how))

    def record_response(self, at: datetime, by: str, mail: str) -> None:
        """The stage was answered then, which ends its run; its due time stands. `mail`: digest of the answer."""
        self._put_run(replace(self.case.runs[-1], responded=at, answered_by=by, answer=mail))
        self.end_run(EndedAs.RESPONDED, at)

    def start_clock(self, at: datetime) -> None:
        self._put_run(replace(self.case.runs[-1], began=at))

    def stop_clock(self) -> None:
        """It starts afresh from the first who is served."""
        self._put_run(replace(self.case.runs[-1], began=None))

    def give_time(self, window: Window | None, by: datetime | None) -> None:
        """How long the running stage has: a window, or an instant that binds it."""
        self._put_run(replace(self.case.runs[-1], window=window, by=by))

    def fall_due(self, due: Due) -> None:
        """When the running stage's window ends, which is what the case waits for next."""
        self._put_run(replace(self.case.runs[-1], due=due.at, why=due.why))
        self.next_due(due.at, due.why)

    def next_due(self, at: datetime, why: str) -> None:
        """What the case waits for next, where no window runs."""
        self.case = replace(self.case, due=at, due_why=why)

    def need(self, *, urgent: bool, window: Window | None = None) -> None:
        """How urgent it is, and what letters say it was raised as needing, where that changed."""
        by = None if window else self.case.requested_by  # what the challenge named counts no longer
        self.case = replace(self.case, urgent=urgent, window=window or self.case.window, requested_by=by)

    def count_from(self, at: datetime) -> None:
        """Day zero was later than was thought; nothing is due yet."""
        self.case = replace(self.case, opened=at, deadlines=())

    def _put_run(self, run: StageRun) -> None:
        self.case = replace(self.case, runs=(*self.case.runs[:-1], run))

    def alarm(self, kind: AlarmKind, at: datetime, why: str, nth: int = 0, item: int = 0) -> None:
        row = Deadline(kind, at, why, nth, self.case.stage, item)
        self.drop_alarms(lambda other: other.key == row.key)
        self.case = replace(self.case, deadlines=tuple(sorted((*self.case.deadlines, row), key=lambda d: d.at)))

    def quiet(self, *kinds: AlarmKind) -> None:
        """Takes away the alarms of these kinds; without any, those of the running stage."""
        self.drop_alarms(lambda row: row.kind in kinds if kinds else row.kind not in LASTING)

    def drop_alarms(self, goes: Callable[[Deadline], bool]) -> None:
        self.case = replace(self.case, deadlines=tuple(row for row in self.case.deadlines if not goes(row)))

    def assign(self, team: str, agency: str, inbox: str) -> None:
        """Whose challenge it is to answer."""
        self.case = replace(self.case, team=team, responder_agency=agency, inbox=inbox)

    def own(self, email: str) -> None:
        """Who has it in hand; "" for nobody."""
        self.case = replace(self.case, owner=email)

    def serve(self, responders: Iterable[Contact], at: datetime | None = None) -> None:
        """These and no others answer at the running stage. `at`: since when they have the letter."""
        self.case = replace(self.case, served=tuple(Served(contact, at) for contact in responders))

    def also_serve(self, responder: Contact) -> None:
        self.case = replace(self.case, served=(*self.case.served, Served(responder)))

    def reached(self, emails: Collection[str], at: datetime) -> None:
        """A letter of the stage was accepted for these; who cannot be reached any more stays so."""
        self._each_served(lambda s: replace(s, at=s.at or at) if s.contact.email in emails and not s.is_dead else s)

    def lost(self, email: str) -> None:
        """A responding contact cannot be reached: our letter to them came back."""
        self._each_served(lambda s: replace(s, is_dead=True, has_bounced=True) if s.contact.email == email else s)

    def away(self, known: Served, *, is_gone: bool = False) -> None:
        """A responding contact is not there, or says that it is not theirs; `is_gone`: and is reminded no more."""
        self._each_served(lambda s: replace(s, is_away=True, is_dead=s.is_dead or is_gone) if s is known else s)

    def wrote(self, is_theirs: Callable[[str], bool]) -> None:
        """A mail came from these responding contacts."""
        self._each_served(lambda s: replace(s, has_written=True) if is_theirs(s.contact.email) else s)

    def _each_served(self, changed: Callable[[Served], Served]) -> None:
        self.case = replace(self.case, served=tuple(map(changed, self.case.served)))

    def delay(self, address: str) -> None:
        """A delivery to a responding contact is delayed, since now."""
        others = (one for one in self.case.delayed if one.address != address)
        self.case = replace(self.case, delayed=(*others, Delayed(address, self.now)))

    def end_delays(self) -> None:
        self.case = replace(self.case, delayed=())

    def joined(self, side: Side, *contacts: Contact) -> None:
        """Remembers who was involved, once for each stage and side."""
        known = {c.email for stage, where, c in self.case.people if (stage, where) == (self.case.stage, side)}
        new = ((self.case.stage, side, c) for c in contacts if c.email and c.email not in known)
        self.case = replace(self.case, people=(*self.case.people, *new))

    def note_outside(self, *outsiders: Outsider) -> None:
        self.case = replace(self.case, outsiders=(*self.case.outsiders, *outsiders))

    def ask(self, question: Question) -> None:
        """A letter of this decision puts it to somebody."""
        self.case = replace(self.case, questions=(*self.case.questions, replace(question, at=self.now)))

    def settle(self, goes: Callable[[Question], bool]) -> None:
        """These questions wait for no answer any more."""
        self.case = replace(self.case, questions=tuple(q for q in self.case.questions if not goes(q)))

    def ask_as(self, about: QuestionKind, keys: Collection[str]) -> None:
        """The questions of these letters stay open, as questions about something else."""
        changed = tuple(replace(q, about=about) if q.key in keys else q for q in self.case.questions)
        self.case = replace(self.case, questions=changed)

    def void_code(self, is_it: Callable[[Question], bool]) -> None:
        """Those questions are answered by a proven mail alone."""
        changed = tuple(replace(q, code="") if is_it(q) else q for q in self.case.questions)
        self.case = replace(self.case, questions=changed)

    def asked_to_confirm(self, times: int) -> None:
        self.case = replace(self.case, asks=times)

    def count_telling(self) -> None:
        self.case = replace(self.case, tellings=self.case.tellings + 1)

    def attach(self, mail: Mail) -> None:
        """The mail is the case's, and a letter may cite it."""
        ids = (mail.message_id,) if mail.message_id else ()
        self.case = replace(self.case, mails=(*self.case.mails, mail.digest), thread=(*self.case.thread, *ids))

    def hear(self, at: datetime, who: str, what: str) -> None:
        self.case = replace(self.case, heard=(*self.case.heard, Heard(at, who, what)))

    def hear_call(self, at: datetime | None, message_left: str) -> None:
        """The call before the challenge; what is not said now (None, "") stays as it was said before."""
        left = message_left or self.case.message_left
        self.case = replace(self.case, called=at or self.case.called, message_left=left)

    def count_stage_from(self, at: datetime) -> None:
        self.case = replace(self.case, counted_from=at)

    def write_outcome(self, digest: str) -> None:
        self.case = replace(self.case, outcome=digest)

    def hold_letters(self, until: datetime | None) -> None:
        """None: they go again."""
        self.case = replace(self.case, hold_until=until)

    def keep_form(self, state: FormState) -> None:
        """In its place among the forms of the case."""
        others = {s.form: s for s in self.case.forms}
        self.case = replace(self.case, forms=tuple((others | {state.form: state}).values()))

    def put_task(self, new: Task) -> None:
        """Adds the task, in place of an earlier one of that id."""
        self.drop_tasks(lambda task: task.id == new.id)
        self.case = replace(self.case, tasks=(*self.case.tasks, new))

    def retire_commitments(self) -> None:
        """What was committed to runs no more, and stays written down before everything else."""
        past = tuple(replace(task, id=f"{COMMITMENT}/{n}") for n, task in enumerate(self.case.commitments, 1))
        self.case = replace(self.case, tasks=(*past, *(t for t in self.case.tasks if t not in self.case.commitments)))

    def drop_tasks(self, goes: Callable[[Task], bool]) -> None:
        self.case = replace(self.case, tasks=tuple(task for task in self.case.tasks if not goes(task)))

    def mark(self, flagged: Flagged) -> None:
        self.case = replace(self.case, flags=(*self.case.flags, flagged))

    def unflag(self, flag: Flag, of: str = "") -> None:
        self.case = replace(self.case, flags=tuple(f for f in self.case.flags if f != Flagged(flag, of)))
