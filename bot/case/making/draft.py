"""A decision in the making: the case as it changes, the letters it causes, the events it records.

Built and thrown away inside one call of `decide`; nothing outside sees it change. It knows how a letter's values are
put together, not when one is due: that is course/stages.py, said/replies.py, said/words.py and course/closing.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.case.making.changes import Changing
from bot.case.making.clocks import hours_over, is_outer, lines, time_wanted
from bot.case.making.people import Cast, besides, landing, readers_of, to_ring, who_has_it
from bot.model import Case, Contact, Correction, Decision, Event, Hold, Letter, LetterKind, Mail, Question, QuestionKind
from bot.model.events import EventKind
from bot.model.flags import Flag, Flagged
from bot.model.forms import Side
from bot.model.letters import Enclosed, Standing, Wording, person
from bot.model.letters.parts import Original
from bot.model.letters.standing import Emergency
from bot.rules import book, workdays
from bot.rules.book import Rules
from bot.rules.policy.policy import Stage
from bot.rules.workdays import say

#: Of two letters to one person in one minute only the weightier goes.
WEIGHT = tuple(map(LetterKind, ("escalation", "notice", "redirect", "chaser", "information")))
#: A deadline answered later than this was missed: chasers are not sent late, others say how late they are.
MISSED = timedelta(minutes=15)


class Draft(Changing):
    """The case, and what follows so far. `occasion` names what caused it: a mail's digest or a deadline's key."""

    def __init__(self, case: Case, rules: Rules, now: datetime, occasion: str, late: datetime | None = None) -> None:
        super().__init__(case, now)
        self.rules, self.occasion = rules, occasion
        self.late = late  # when it should have happened, if that was missed
        self.deaf_since: datetime | None = None  # the inbox was last read then, and an answer may lie in it
        self.waits_unread = False  # a mail that may be of this case waits for a person to place or open it
        self.letters: list[Letter] = []
        self.events: list[Event] = []
        self.frees: tuple[Hold, ...] = ()
        self.onward: tuple[tuple[str, Correction], ...] = ()

    # --- the case -----------------------------------------------------------------------------------------------

    def event(self, kind: EventKind, by: str = "clock", note: str = "", stage: str | None = None) -> None:
        self.events.append(Event(kind, self.case.stage if stage is None else stage, by, note))

    def flag(self, *flags: Flag, of: str = "") -> None:
        """Adds flags; each new one is recorded once. `of`: the id of what they are about."""
        for new in (Flagged(flag, of) for flag in flags):
            if new not in self.case.flags:
                self.mark(new)
                self.event(EventKind.FLAGGED, note=str(new))

    # --- who ----------------------------------------------------------------------------------------------------

    @property
    def stage(self) -> Stage:
        return self.rules.policy.stage(self.case.stage)

    @property
    def following(self) -> Stage | None:
        """The stage the case would go to next; None at the last."""
        return landing(self.cast, self.rules.policy.after(self.case.stage))[0]

    @property
    def unit(self) -> tuple[Contact, ...]:
        """The partnership's business unit, or its manager."""
        return self.rules.directory.unit(self.case.area)

    @property
    def manager(self) -> Contact | None:
        """The raiser's line manager, if the directory knows one who is not the raiser."""
        return self.manager_of(self.case.raiser)

    def manager_of(self, who: Contact) -> Contact | None:
        """Their line manager, if the directory knows one who is somebody else."""
        if not who.agency:
            return None
        directory = self.rules.directory
        held = directory.holders("line_manager", self.case.area, who.agency, who.team)
        return next((c for c in held if not directory.same_person(c.email, who.email)), None)

    @property
    def inbox(self) -> tuple[Contact, ...]:
        """The challenged team's watched inbox."""
        if not self.case.inbox or self.case.inbox == self.rules.bot.email:
            return ()
        name = self.case.team or self.case.inbox
        return (Contact(self.case.inbox, name, "team_inbox", self.case.responder_agency, self.case.team),)

    @property
    def responders(self) -> tuple[Contact, ...]:
        """Responding contacts of the running stage that can still be reached."""
        return tuple(s.contact for s in self.case.served if not s.is_dead)

    @property
    def sides(self) -> tuple[tuple[Contact, ...], tuple[Contact, ...]]:
        """Who hears of a clock that a word set anew: the raiser and who acts for them at the running stage; and the
        responding contacts."""
        case = self.case
        raising = (c for stage, side, c in case.people if stage == case.stage and side == Side.RAISING)
        return (case.raiser, *raising), self.responders

    @property
    def first_responder(self) -> Contact | None:
        return who_has_it(self.case)

    def known(self, email: str) -> Contact:
        """Whose address it is, as the case or the directory knows them."""
        directory, on = self.rules.directory, self.now.date()
        involved = next((c for _, _, c in self.case.people if c.email == email and c.name), None)
        after = directory.successor(email, involved.name, on) if involved else directory.person(email, on)
        return after or involved or Contact(email, agency=directory.agency_of(email))

    # --- letters ------------------------------------------------------------------------------------------------

    def standing(self) -> Standing:
        """How the case stands now, for the letters of it."""
        case, policy, stage = self.case, self.rules.policy, self.stage
        after, run, line = self.following, case.run, book.emergency_of(policy, case.area)
        window = run.window if run else None
        return Standing(
            ref=case.ref,
            policy_title=policy.title,
            partnership=policy.partnership,
            advice=f"{policy.advice.name}, {policy.advice.phone}" if policy.advice else "",
            emergency=Emergency(book.risk(line, policy.about), book.box(line, policy.about)),
            about=policy.about,
            own_record=book.own_record(policy),
            counts_from=stage.counts_from,
            besides=besides(self.cast, stage, self.first_responder),
            timescales=policy.timescales,
            fixed_words=case.phrase,
            opened=case.opened,
            team=case.team,
            urgent=case.urgent,
            unconfirmed=bool(case.unproven),
            raiser=person(case.raiser),
            responder=person(self.first_responder),
            stage_name=stage.name,
            level=stage.level,
            decision_word=stage.decision_word,
            decides=stage.decides,
            window=f"by {workdays.named(run.by, self.rules.calendar)}"
            if run and run.by and run.by == run.due
            else str(window or ""),
            local_window=window is not None and window.source == "local",
            due=case.due,
            due_why=case.due_why,
            reply_due=not case.closing_word and (run is None or run.responded is None),
            clocks=tuple(lines(case, self.rules, self.now)),
            next_stage_name=after.name if after else "",
            next_people=tuple(person(c) for c in self.next_people()),
            late=self.lateness(),
            over=hours_over(case, self.now),
            is_latest=is_outer(case),
            human=person(case.raiser),
            ring=person(case.raiser),
        )

    def lateness(self) -> str:
        cal, late, deaf = self.rules.calendar, self.late, self.deaf_since
        said = f"This should have gone on {say(late, cal)}; the system was not running then." if late else ""
        if deaf is not None:
            said += f" The inbox has not been readable since {say(deaf, cal)}: an answer may lie in it unread."
        return said.strip()

    def next_people(self) -> tuple[Contact, ...]:
        """Who would be written to at the next stage on the responding side."""
        return self.cast.acting(after, Side.RESPONDING) if (after := self.following) else ()

    @property
    def cast(self) -> Cast:
        """Who acts for this case today."""
        return Cast(self.case, self.rules, self.now.date())

    def holders(self, roles: Iterable[str], agency: str, team: str) -> tuple[Contact, ...]:
        """The contacts of the first of these roles that anybody holds; the area's own at partnership level."""
        return self.cast.holders(roles, agency, team)

    def original(self) -> Original:
        """Where the whole challenge lies and who can tell: minimal letters say it instead of repeating it."""
        case = self.case
        lies = "" if case.has(Flag.BROUGHT_IN) else case.team or case.inbox  # nobody there reads the unit's inbox
        return Original(str(case.raiser), case.opened, lies)

    @property
    def may_read(self) -> bool:
        """Whether the raiser may be shown what others write: not before they have said that it is theirs."""
        return not (self.case.unproven and self.case.has(Flag.BROUGHT_IN))

    def write(
        self,
        values: Wording,
        to: Iterable[Contact],
        cc: Iterable[Contact] = (),
        *,
        mail: Mail | None = None,
        human: Contact | None = None,
        starts_clock: bool = False,
        attach: tuple[Enclosed, ...] = (),
        to_stranger: bool = False,
        after: tuple[str, ...] = (),
    ) -> Letter | None:
        """Queues one letter; None when there is nobody to write to. Our own mailbox is never an addressee."""
        case, firsts = self.case, self._people(self._standing_in(to))
        if not firsts:
            return None
        ring = to_ring(firsts, (human, case.raiser, self.first_responder, *self.unit))
        copied = self._people(cc, firsts)
        goes_to = readers_of(self.cast, firsts, copied, self.first_responder)
        standing = replace(self.standing(), human=person(human or case.raiser), ring=person(ring), goes_to=goes_to)
        answered = mail.message_id if mail and mail.message_id else case.opening_id
        letter = Letter(
            values=values,
            occasion=self.occasion,
            to=firsts,
            standing=standing,
            decided=self.now,
            cc=copied,
            stage=case.stage,
            subject=" – ".join(part for part in (case.phrase, time_wanted(case, self.rules.calendar)) if part),
            in_reply_to=answered,
            references=tuple(dict.fromkeys(i for i in (case.opening_id, answered) if i)),
            thread_index=case.opening_thread,
            starts_clock=starts_clock,
            attach=attach,
            to_stranger=to_stranger,
            after=after,
        )
        same = [one.values for one in self.letters if (one.kind, one.to[:1]) == (values.kind, firsts[:1])]
        if same and values not in same:  # with one key one would be lost
            letter = replace(letter, occasion=f"{self.occasion}/{values.name}{len(same)}")
        self.letters.append(letter)
        if values.asks_resolved:
            self._asks_resolved(letter.key, firsts[0], mail)
        return letter

    def as_it_stands(self, letter: Letter) -> Letter:
        """A letter of this case as it would be written now. Whom to ring stays, and why it comes late."""
        was = letter.standing
        if was is None:
            return letter
        goes_to = readers_of(self.cast, letter.to, letter.cc, self.first_responder)
        now_is = replace(self.standing(), goes_to=goes_to, human=was.human, ring=was.ring)
        return replace(letter, standing=replace(now_is, late=was.late, conduct=was.conduct))

    def _asks_resolved(self, key: str, who: Contact, mail: Mail | None) -> None:
        """YES and NO answer such a letter. Asked again, it is the same question."""
        before = (q.mail for q in reversed(self.case.questions) if q.about is QuestionKind.RESOLVED)
        about = mail.digest if mail else next(before, "")
        self.settle(lambda one: one.key == key)
        self.ask(Question(key, QuestionKind.RESOLVED, who.email, about))

    def _standing_in(self, people: Iterable[Contact]) -> Iterator[Contact]:
        """The same people; behind a raiser whose address fails, their manager."""
        for contact in people:
            yield contact
            if contact.email == self.case.raiser.email and self.case.has(Flag.RAISER_UNREACHABLE) and self.manager:
                yield self.manager

    def _people(self, people: Iterable[Contact], less: Iterable[Contact] = ()) -> tuple[Contact, ...]:
        gone = {self.rules.bot.email, *(c.email for c in less)}
        kept: dict[str, Contact] = {}
        for contact in people:
            if "@" in contact.email and contact.email not in gone:  # a token stands for who was forgotten
                kept.setdefault(contact.email, contact)
        return tuple(kept.values())

    # --- the end ------------------------------------------------------------------------------------------------

    def decision(self) -> Decision:
        return Decision(self.case, tuple(weightiest(self.letters)), tuple(self.events), self.frees, onward=self.onward)


def weightiest(letters: list[Letter]) -> list[Letter]:
    """Of several weighed letters one person is left on the weightiest only; a letter left with nobody does not go, and
    nothing waits for it."""
    left: dict[int, Letter] = {}
    taken: dict[str, int] = {}
    for n, letter in sorted(enumerate(letters), key=lambda row: _weight(row[1], -1)):
        if letter.kind not in WEIGHT or not letter.values.yields:
            left[n] = letter
            continue
        weight = _weight(letter)
        to, cc = (tuple(c for c in row if taken.get(c.email, weight) == weight) for row in (letter.to, letter.cc))
        if to:
            taken = dict.fromkeys((c.email for c in (*to, *cc)), weight) | taken
            left[n] = replace(letter, to=to, cc=cc)
    keys = {letters[n].key: one.key for n, one in left.items()}
    return [replace(left[n], after=tuple(keys[k] for k in left[n].after if k in keys)) for n in sorted(left)]


def _weight(letter: Letter, other: int = 0) -> int:
    return WEIGHT.index(letter.kind) if letter.kind in WEIGHT else other
