"""What every letter promises: its order, its headers, its two equal parts, and that it goes even when a template fails.

The shipped templates are tested with the shipped samples. Nothing here knows when a letter is due.
"""

from __future__ import annotations

import base64
import email
import hashlib
from dataclasses import fields, make_dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import TypeVar

import pytest
import re2

from bot.letters import mime, wording
from bot.letters import render as letters
from bot.letters.render import Office, Templates, render
from bot.model import WANTS_ANSWERS, Contact, Letter, LetterKind, Wording
from bot.model.letters import WORDINGS, Person, Standing
from bot.model.letters.parts import Holding
from bot.rules.workdays import calendar
from tests.letters import FOLDER, about, changed, sample, samples

T = TypeVar("T", Wording, Standing)
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.j2")}
TEMPLATES = Templates.from_texts(TEXTS)
AGAIN = Templates(TEXTS)
OFFICE = Office(Contact("clock@partnership.example", "Safeguarding Challenge Clock (automatic)"), calendar())
SAMPLES = samples()
#: Notices and reminders that do not ask a stage's own people for their answer.
TO_OTHERS = ("provisional", "raiser", "outcome", "clock", "prompt", "form")
#: Of a stage that is left.
TOLD = ("sent_on", "passed_on")
RUTH = Person("Ruth Okoye", "ruth.okoye@north-health.example")
RUTH_RUNG = replace(RUTH, phone="01632 960103")
NEXT = datetime(2027, 1, 18, 9, tzinfo=UTC)
CASES = tuple(one for one in SAMPLES if one.standing is not None)


def names_of(kind: type[Wording | Standing]) -> set[str]:
    """The names that templates know its fields by."""
    return {field.name.rstrip("_") for field in fields(kind)}


def named(letter: Letter) -> str:
    return f"{letter.kind.value}-{letter.variant}-{letter.occasion}"


TAGS = {
    *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td"),
    *("h1", "h2", "p", "ul", "ol", "li", "a", "blockquote"),
}

each = pytest.mark.parametrize("letter", SAMPLES, ids=named)
each_of_a_case = pytest.mark.parametrize("letter", CASES, ids=named)


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


class Words(HTMLParser):
    """The words of an HTML page, and its links."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._skip = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._skip = tag in ("title", "style")
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag in ("h1", "h2", "p", "li"):
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.words.append(data)


def page(message: EmailMessage) -> Words:
    part = message.get_body(("html",))
    assert part is not None
    reader = Words()
    reader.feed(part.get_content())
    return reader


# --- the catalogue ----------------------------------------------------------------------------------------------------


def test_every_letter_has_a_template_a_sample_and_nothing_is_left_over() -> None:
    """The table, the folder and the samples name the same letters."""
    expected = {f"{name}.txt.j2" for name in WORDINGS}
    assert {name for name in TEXTS if not name.startswith("_")} - {"base.html.j2"} == expected
    assert {letters.template_of(one) for one in SAMPLES} == expected
    assert {wording.kind for wording in WORDINGS.values()} == set(LetterKind)


@each
def test_samples_carry_what_their_wording_promises(letter: Letter) -> None:
    """A sample has how a case stands and exactly the extra values of its kind."""
    extra = names_of(WORDINGS[letter.values.name])
    common = names_of(Standing) if letter.values.is_of_case else set()
    assert set(about(letter)) == common | extra
    assert letter.decided is not None


def test_the_shipped_templates_pass_the_check() -> None:
    """The operator's check finds no fault in what we ship."""
    assert letters.check(TEMPLATES, SAMPLES, OFFICE.calendar) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("notice-opened.txt.j2", "{{ nobody }}", "'nobody' is undefined"),
        ("notice-opened.txt.j2", "{% if %}", "line 1"),
        ("notice-opened.txt.j2", "Please reply", "does not say the ref"),
        ("notice-opened.txt.j2", "x" * 91, "longer than 90"),
        ("base.html.j2", "{{ nobody }}", "'nobody' is undefined"),
    ],
)
def test_the_check_names_the_template_and_its_fault(name: str, text: str, says: str) -> None:
    """An operator reads which file is wrong and how."""
    problems = letters.check(Templates.from_texts(TEXTS | {name: text}), SAMPLES, OFFICE.calendar)
    assert any(p.file == f"mail_templates/{name}" and says in p.text for p in problems), problems


def test_the_check_names_a_missing_template() -> None:
    """A file that was deleted is found before a letter needs it."""
    less = {name: text for name, text in TEXTS.items() if name != "relay-reply.txt.j2"}
    assert [p.file for p in letters.check(Templates.from_texts(less), SAMPLES)] == ["mail_templates/relay-reply.txt.j2"]


# --- what a letter says -----------------------------------------------------------------------------------------------


@each
def test_the_action_stands_in_the_first_90_characters(letter: Letter) -> None:
    """The first line is a whole action, short enough for a list of mails."""
    first = render(letter, OFFICE, TEMPLATES).text.split("\n", 1)[0]
    assert 10 < len(first) <= 90
    assert not first.endswith("…")


@each_of_a_case
def test_a_letter_keeps_its_order(letter: Letter) -> None:
    """Action, emergency line, what follows, whom to ring, and a footer of one line."""
    text = render(letter, OFFICE, TEMPLATES).text
    order = [
        " ".join(about(letter)["emergency"]["say"].split()),
        "To talk: ",
        f"\n--\n[{letter.ref}]. ",
        "Sent by a machine: it sees mail only, and nobody reads this mailbox out of hours.",
    ]
    places = [text.rfind(words) for words in order if words in text]
    assert places == sorted(places)
    assert {order[0], order[2], order[3]} <= {words for words in order if words in text}
    assert text.split("\n\n")[1].endswith(order[0])


@each
def test_html_and_text_say_the_same(letter: Letter) -> None:
    """Whoever reads only one part misses nothing; a button stands where the text part has a colon."""
    message = parsed(render(letter, OFFICE, TEMPLATES).raw)
    plain = message.get_body(("plain",))
    assert plain is not None
    text = re2.sub(r"(?m)^(?:[->]( |$)|--$|\d\. )", "", plain.get_content().replace("\r\n", "\n"))
    shown = "".join(page(message).words)
    assert shown.replace(":", "").casefold().split() == text.replace(":", "").casefold().split()


@each
def test_html_is_simple_and_links_only_to_us(letter: Letter) -> None:
    """British English, headings, lists, no image, no script, no address on the web."""
    message = parsed(render(letter, OFFICE, TEMPLATES).raw)
    seen = page(message)
    part = message.get_body(("html",))
    assert part is not None
    assert '<html lang="en-GB"' in part.get_content()
    assert "http" not in part.get_content()
    assert seen.tags <= TAGS
    assert all(link.startswith(("mailto:clock@partnership.example?subject=RE%3A%20", "tel:")) for link in seen.links)
    assert len(part.get_content()) < 20_000


def test_a_word_is_a_link_that_writes_the_answer() -> None:
    """One press opens a mail to us with the ref in its subject and the word in its text."""
    links = page(parsed(render(sample(LetterKind.RESPONSE), OFFICE, TEMPLATES).raw)).links
    assert any(link.endswith("%5BXX-2027-0007%5D&body=NOT%20RESOLVED") for link in links)


#: Letters that are a list or a form: its entries are not counted.
LISTS = ("answer-help", "answer-open", "answer-spoc", "digest-daily")


def counted(letter: Letter) -> int:
    """The words of its body: the box, quoted words, lists that were asked for, list signs, telephone numbers and the
    footer apart."""
    shown = changed(letter, forms=()) if letter.values.name == "question-form" else letter
    parts = render(shown, OFFICE, TEMPLATES).text.split("\n--\n")[0].split("\n\n")
    has_box = letter.standing is not None or hasattr(letter.values, "emergency")
    listed = "- " if letter.values.name in LISTS else "> "
    own = [line for n, part in enumerate(parts) if n != 1 or not has_box for line in part.split("\n")]
    lines = [re2.sub(r"^(?:- |\d\. )", "", line) for line in own if not line.startswith((">", listed))]
    return len(re2.sub(r"\b0\d{2,4}(?: ?\d{3,4}){1,2}\b", "", "\n".join(lines)).split())


#: Samples that may be longer: how many words, and why. None grows but by what must be said in it.
LONGER = {
    "acknowledgement-opened-sample/1": (193, "every question at once, and what the procedure leaves out"),
    "acknowledgement-provisional-sample/163": (129, "asks whose it is and whether it is another's double"),
    "acknowledgement-brought-sample/170": (128, "says who handed it in, what is not shown, and asks for the time"),
    "notice-opened-sample/5": (195, "two other clocks of the stage, and a question"),
    "chaser-raiser-sample/145": (131, "three things that came, each with who and when"),
    "chaser-last-sample/146": (154, "two things that came, and something that could not be read"),
    "escalation-lapsed-sample/16": (163, "what came and is no answer, and another clock"),
    "escalation-lapsed-sample/17": (145, "what came and is no answer, and what cannot be seen"),
    "escalation-lapsed-sample/18": (173, "the same, of a sender who is not proven, out of hours"),
    "escalation-lapsed-sample/19": (174, "the partnership's own stage: its copies, and the words of who decides"),
    "escalation-asked-sample/20": (136, "what came and is no answer"),
    "escalation-asked-sample/21": (189, "the partnership's own stage, and both sides' view"),
    "escalation-live-sample/24": (140, "its first letter, and what came"),
    "escalation-unconfirmed-sample/148": (136, "both sides' view"),
    "outcome-closed-sample/77": (
        180,
        "two actions, one to be put right, what changed, what the policy asks besides",
    ),
    "notice-opened-sample/238": (123, "who may help, and the entry on the own record"),
    "escalation-asked-sample/239": (135, "a meeting to consider, and the entry on the own record"),
    "escalation-lapsed-sample/218": (132, "nothing attached and out of hours, and what cannot be seen"),
}


@each
def test_a_letter_is_short(letter: Letter) -> None:
    """At most 120 words of body; of the few that may be longer, no more than they have today."""
    most, _ = LONGER.get(named(letter), (120, ""))
    assert counted(letter) <= most


def test_what_may_be_longer_only_shrinks() -> None:
    """Whoever shortens one writes its number down, or takes its row out."""
    long = {named(one): counted(one) for one in SAMPLES if named(one) in LONGER}
    assert long == {name: words for name, (words, _) in LONGER.items()}
    assert min(long.values()) > 120


def test_our_own_sentences_are_plain() -> None:
    """At most 20 words a sentence (names, dates and lists apart), and a reading age of 12 or less over all letters."""
    words = syllables = sentences = 0
    for letter in CASES:
        for sentence in _sentences(render(_anonymous(letter), OFFICE, TEMPLATES).text):
            said = re2.findall(r"[A-Za-z']+", sentence)
            assert len(said) <= 20, sentence
            sentences += 1
            words += len(said)
            syllables += sum(max(1, len(re2.findall(r"[aeiouy]+", w.lower().removesuffix("e")))) for w in said)
    age = 0.39 * words / sentences + 11.8 * syllables / words - 15.59 + 5
    assert age <= 12


def _anonymous(letter: Letter) -> Letter:
    """The same letter with the shortest values, so that only our own words are counted."""
    who = Person("Ann", "ann@x.example")
    held = [(f.name, getattr(part, f.name)) for part in (letter.standing, letter.values) if part for f in fields(part)]
    people = {name: who for name, value in held if isinstance(value, Person)}
    short = {"stage_name": "Step", "next_stage_name": "Step", "from_stage_name": "Step", "due_why": "", "team": "Team"}
    known = {name: words for name, words in short.items() if name in dict(held)}
    return changed(letter, **people, **known, next_people=(who,))


def _sentences(text: str) -> list[str]:
    dated = re2.sub(r"\w+ \d+ \w+ \d{4}, [\d:]+[ap]m", "Monday", text)
    return [s for line in dated.split("\n") if not line.startswith("- ") for s in re2.split(r"[.?!:;] |\n", line) if s]


@each
def test_a_letter_has_three_buttons_at_most(letter: Letter) -> None:
    """More is a choice that nobody makes in two seconds; the list of all words has them all."""
    links = page(parsed(render(letter, OFFICE, TEMPLATES).raw)).links
    assert len([link for link in links if link.startswith("mailto:")]) <= 3 or letter.values.name == "answer-help"


@pytest.mark.parametrize("letter", [s for s in SAMPLES if s.values.name == "digest-daily"], ids=named)
def test_a_link_of_the_daily_letter_names_no_case_that_it_does_not_know(letter: Letter) -> None:
    """A made-up ref may be somebody's: one press would put a mail into that case."""
    links = page(parsed(render(letter, OFFICE, TEMPLATES).raw)).links
    guesses = ",".join(one["guesses"] for one in (*about(letter)["pen"], *about(letter)["set_aside"]))
    named_ = {ref for link in links for ref in re2.findall(r"[A-Z]{2}-\d{4}-\d{4}", link)}
    assert named_ <= set(guesses.replace(" ", "").split(","))


@pytest.mark.parametrize("word", ["failed to", "you have not", "ignored", "breach", "must have", "overdue"])
def test_no_letter_blames(word: str) -> None:
    """Silence is what was not recorded, never what somebody did."""
    assert not [name for name, text in TEXTS.items() if word in text.lower()]


@pytest.mark.parametrize(
    ("timescales", "words"),
    [
        ("guideline", "passed the guideline time"),
        ("required", "passed the time that the policy requires"),
        ("indicative", "passed the time that the policy indicates"),
    ],
)
def test_a_lapse_speaks_as_its_policy_does(timescales: str, words: str) -> None:
    """A guideline is not called a requirement, and the letter says what cannot be seen."""
    letter = sample(LetterKind.ESCALATION, "lapsed")
    text = render(changed(letter, timescales=timescales, holding=()), OFFICE, TEMPLATES).text
    assert words in text
    assert "No reply has been recorded" in text
    assert UNSEEN in text


UNSEEN = "We cannot see calls, or mail sent past us."


@pytest.mark.parametrize("n", [one for one, letter in enumerate(SAMPLES) if letter.variant in ("lapsed", *TOLD)])
def test_a_lapse_says_what_cannot_be_seen(n: int) -> None:
    """Who is told of a lapse reads that a call, or a mail sent directly, may have broken the silence; where somebody
    answered or asked for the next stage, nobody does, nor in a repeat, which says nothing twice."""
    letter = SAMPLES[n]
    is_lapse = getattr(letter.values, "cause", "lapsed") == "lapsed"
    assert (UNSEEN in render(letter, OFFICE, TEMPLATES).text) is is_lapse


ANSWER = Holding(datetime(2027, 1, 12, 18, tzinfo=UTC), "Fay Marsh", "replied")


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        *((LetterKind.INFORMATION, one) for one in TOLD),
        *((LetterKind.ESCALATION, one) for one in ("lapsed", "asked", "repeat")),
    ],
)
def test_an_answer_that_does_not_settle_it_is_not_called_none(kind: LetterKind, variant: str) -> None:
    """Who answered, and read that it is recorded, reads it as an answer; what else came stands apart from it."""
    said = (
        "Fay Marsh replied on Tuesday 12 January 2027, 6pm; the raising side does not say that it settles the matter."
    )
    letter = changed(sample(kind, variant), holding=(ANSWER,), unread=False)
    text = render(letter, OFFICE, TEMPLATES).text
    assert said in text
    assert "taken as an answer" not in text
    more = Holding(ANSWER.when, "Tom Lee", "kept")
    both = render(changed(letter, holding=(ANSWER, more)), OFFICE, TEMPLATES).text
    assert said in both
    assert "None of these is taken as an answer. What we have: Tom Lee wrote" in both


def test_nobody_who_answered_is_asked_whether_they_did() -> None:
    """Those of a stage that was answered read that, not a question of when and how."""
    letter = changed(sample(LetterKind.INFORMATION, "passed_on"), cause="asked", holding=(ANSWER,), answered=True)
    text = render(letter, OFFICE, TEMPLATES).text
    assert text.startswith("Answered, and not settled: this was sent to Dev Patel\n")
    assert "If you answered" not in text
    assert "Answered by telephone" not in text


@pytest.mark.parametrize("variant", ["lapsed", "asked", "live", "reopened", "repeat", "unconfirmed"])
def test_where_nothing_is_attached_two_can_be_rung_and_it_says_where_the_mail_lies(variant: str) -> None:
    """Whoever must act, at night too, finds who can say whom it is about, although the letter may not."""
    again = {"n": 1} if variant == "repeat" else {}
    letter = changed(sample(LetterKind.ESCALATION, variant), attached=False, raising=(RUTH_RUNG,), **again)
    text = render(letter, OFFICE, TEMPLATES).text
    assert "The whole mail: inbox of Riverside Assessment Team." in text
    assert "ring Helen Visser, 01632 960101 or Ruth Okoye, 01632 960103" in text
    above = render(changed(letter, level="partnership"), OFFICE, TEMPLATES).text
    assert "ask Helen Visser, 01632 960101 or Ruth Okoye, 01632 960103" in above


@pytest.mark.parametrize(
    ("kind", "variant", "changes", "says"),
    [
        (LetterKind.ESCALATION, "lapsed", {"holding": ()}, "No reply has been recorded."),
        (LetterKind.ESCALATION, "lapsed", {}, "None of these is taken as an answer. What we have: Fay Marsh"),
        (LetterKind.ESCALATION, "lapsed", {}, "Ring Helen Visser and act now: what came is not taken as an answer"),
        (LetterKind.ESCALATION, "lapsed", {"over": 48}, "raised as needing an answer in 24 hours"),
        (LetterKind.ESCALATION, "lapsed", {"over": 48}, "48 hours over what was asked"),
        (LetterKind.ESCALATION, "lapsed", {"raising": (RUTH,)}, "Ruth Okoye: tell Dev Patel, 01632 960203, what would"),
        (LetterKind.ESCALATION, "lapsed", {"copied": (RUTH,)}, "(copied): nothing to do until you hear from Dev Patel"),
        (LetterKind.ESCALATION, "repeat", {"over": 1, "n": 3}, "Who will ring Dev Patel today? "),
        (LetterKind.ESCALATION, "lapsed", {}, "outer limit is Thursday 21 January 2027, 5pm"),
        (LetterKind.ESCALATION, "repeat", {"holding": ()}, "act now: no reply is recorded (needing an answer in 24"),
        (LetterKind.ESCALATION, "lapsed", {"out_of_hours": True}, "may not be read before the next working day"),
        (
            LetterKind.INFORMATION,
            "sent_on",
            {},
            "was sent to Dev Patel (Childrens Services) on Wednesday 13 January 2027",
        ),
        (LetterKind.INFORMATION, "sent_on", {}, "Ring Dev Patel, 01632 960203."),
        (LetterKind.INFORMATION, "sent_on", {}, "If you think the child is unsafe, refer now."),
        (LetterKind.INFORMATION, "sent_on", {"read_from": NEXT}, "may not be read before Monday 18 January, 9am."),
        (LetterKind.INFORMATION, "passed_on", {}, "If you answered Helen Visser, say when and how"),
        (LetterKind.ESCALATION, "lapsed", {"level": "partnership"}, "nothing to do until you hear from the Manager"),
        (LetterKind.ESCALATION, "lapsed", {"decides": "another"}, "DECIDED: write the decision after it."),
        (LetterKind.NOTICE, "opened", {"level": "partnership", "decides": "responder"}, "gives Fay Marsh the decision"),
        (LetterKind.ESCALATION, "lapsed", {"unconfirmed": True}, "Sender not confirmed."),
        (LetterKind.ESCALATION, "lapsed", {"late": "This should have gone at 9am."}, "This should have gone at 9am."),
        (LetterKind.NOTICE, "opened", {"local_window": True}, "local target, not in the policy"),
        (LetterKind.NOTICE, "opened", {}, "or ask Helen Visser, 01632 960101."),
        (LetterKind.NOTICE, "opened", {"next_stage_name": ""}, "No further stage follows in the policy."),
        (LetterKind.CHASER, "raiser", {}, "please reply ANSWERED"),
        (LetterKind.RELAY, "reply", {}, "> We have looked at this again.\n>\n> We will visit today."),
        (LetterKind.ACKNOWLEDGEMENT, "stranger", {}, "designated officer (LADO)"),
        (LetterKind.INFORMATION, "notify", {}, "For information: nothing to do"),
        (LetterKind.RECORD, "minimal", {}, "no narrative and no mails"),
    ],
)
def test_letters_say_what_was_promised(kind: LetterKind, variant: str, changes: dict[str, object], says: str) -> None:
    """The sentences that people rely on, each under the condition that calls for it."""
    letter = sample(kind, variant)
    assert says in render(changed(letter, **changes), OFFICE, TEMPLATES).text


@pytest.mark.parametrize("letter", CASES, ids=named)
def test_at_the_last_stage_no_letter_promises_another(letter: Letter) -> None:
    """Who says NOT RESOLVED there is not told that it goes on."""
    text = render(changed(letter, next_stage_name=""), OFFICE, TEMPLATES).text
    assert "goes to the next stage" not in text


@pytest.mark.parametrize("kind", ["NOTICE", "CHASER", "ESCALATION", "REDIRECT"])
def test_who_decides_reads_how_in_every_letter_that_asks_for_it(kind: str) -> None:
    """Not only when the time is over."""
    asking = [s for s in SAMPLES if s.kind is LetterKind[kind] and s.variant not in TO_OTHERS]
    for letter in asking:
        text = render(changed(letter, decides="another"), OFFICE, TEMPLATES).text
        assert "- DECIDED: write the decision after it." in text, letter.variant


def test_a_stranger_is_told_no_more_than_they_know() -> None:
    """The one letter that may leave the allow-list names nobody, no team and no stage."""
    letter = sample(LetterKind.ACKNOWLEDGEMENT, "stranger")
    text = render(letter, OFFICE, TEMPLATES).text
    for key in ("raiser", "responder", "human"):
        assert about(letter)[key]["name"] not in text
    assert not [k for k in ("team", "stage_name", "due_why") if about(letter)[k] in text]


def test_a_long_name_gives_way_to_the_due_time() -> None:
    """The action keeps its time when a name would push it out of sight."""
    letter = sample(LetterKind.NOTICE)
    made = render(changed(letter, raiser=Person("Wilhelmina " * 8)), OFFICE, TEMPLATES)
    assert made.text.startswith("Please reply by Wednesday 13 January, 10:05am\n")


# --- headers ----------------------------------------------------------------------------------------------------------


@each
def test_headers_are_those_of_the_kind(letter: Letter) -> None:
    """Letters that want an out-of-office back carry no Auto-Submitted; no letter says All, or Precedence."""
    message = parsed(render(letter, OFFICE, TEMPLATES).raw)
    suppress = message["X-Auto-Response-Suppress"]
    if letter.kind in WANTS_ANSWERS:
        assert message["Auto-Submitted"] is None
        assert suppress == "DR, RN, NRN, AutoReply"
    else:
        assert message["Auto-Submitted"] in ("auto-replied", "auto-generated")
        assert suppress == "DR, RN, NRN, OOF, AutoReply"
    assert [message[name].addresses[0].addr_spec for name in ("From", "Reply-To")] == [OFFICE.bot.email] * 2
    assert message["Reply-To"].addresses[0].display_name == OFFICE.bot.name
    assert message["Message-ID"] == f"<{letter.message_id}>"
    for absent in ("Precedence", "Return-Path", "Sender", "Bcc", "Errors-To"):
        assert message[absent] is None


@each
def test_a_letter_reads_back_as_it_was_written(letter: Letter) -> None:
    """No defect, 7-bit, CRLF, no line over 998, and the standard library reads the same text."""
    made = render(letter, OFFICE, TEMPLATES)
    message = parsed(made.raw)
    assert made.raw.isascii()
    assert made.raw.count(b"\n") == made.raw.count(b"\r\n") == made.raw.count(b"\r")
    assert max(map(len, made.raw.split(b"\r\n"))) <= 998
    assert not [d for part in message.walk() for d in part.defects]
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == made.text
    assert message["Subject"] == made.subject


@each
def test_equal_letters_have_equal_bytes(letter: Letter) -> None:
    """A letter made again while no attempt was under way is the same letter."""
    assert render(letter, OFFICE, TEMPLATES).raw == render(letter, OFFICE, AGAIN).raw


@pytest.mark.parametrize(
    ("kind", "answers", "expected"),
    [
        (LetterKind.NOTICE, True, "RE: Professional Safeguarding Challenge – 24 hours [XX-2027-0007]"),
        (LetterKind.NOTICE, False, "Professional Safeguarding Challenge – 24 hours [XX-2027-0007]"),
        (LetterKind.DIGEST, False, "Professional challenges"),
        (LetterKind.ALERT, True, "Alert: a mailbox cannot be read"),
    ],
)
def test_subjects_are_fixed_words(kind: LetterKind, answers: bool, expected: str) -> None:
    """Fixed words, window and ref; RE: only on an answer; an alert has its own words."""
    letter = replace(sample(kind), in_reply_to="m1@health.example" if answers else "")
    assert render(letter, OFFICE, TEMPLATES).subject == expected


def test_the_ref_stands_undecoded_in_the_subject() -> None:
    """A server or a person that decodes nothing still finds the ref and the fixed words."""
    raw = render(sample(LetterKind.NOTICE), OFFICE, TEMPLATES).raw.decode("ascii")
    subject = raw.partition("Subject: ")[2].partition("\r\nDate:")[0].replace("\r\n", "")
    assert subject == "RE: Professional Safeguarding Challenge =?utf-8?b?4oCT?= 24 hours [XX-2027-0007]"


def test_a_long_conversation_keeps_its_first_and_latest_ids() -> None:
    """References are whole ids on folded lines, never encoded, and never without end."""
    ids = tuple(f"{n}.{'x' * 120}@mail.example" for n in range(60))
    made = render(replace(sample(LetterKind.NOTICE), references=ids, in_reply_to=ids[-1]), OFFICE, TEMPLATES)
    cited = parsed(made.raw)["References"].split()
    assert cited[0] == f"<{ids[0]}>"
    assert cited[1:] == [f"<{i}>" for i in ids[-19:]]
    assert b"=?" not in made.raw.partition(b"References:")[2].partition(b"\r\nThread-")[0]


def test_letters_go_to_their_people_once_each() -> None:
    """The envelope holds To and Cc, in order, nobody twice."""
    one, two = Contact("a@csc.example", "José Núñez"), Contact("b@csc.example")
    made = render(replace(sample(LetterKind.NOTICE), to=(one,), cc=(two, one)), OFFICE, TEMPLATES)
    assert made.recipients == ("a@csc.example", "b@csc.example")
    assert parsed(made.raw)["To"].addresses[0].display_name == "José Núñez"


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ()},
        {"to": (Contact("a@csc.example\r\nBcc: b@evil.example"),)},
        {"to": (Contact("a b@csc.example"),)},
        {"to": (Contact("jörg@csc.example"),)},
        {"message_id": ""},
        {"message_id": "a@b> <c@d"},
        {"decided": None},
    ],
)
def test_a_letter_that_cannot_be_addressed_is_refused(changes: dict[str, object]) -> None:
    """No addressee, no date, or an address or id that no header can hold: a fault of the caller, and said so."""
    with pytest.raises(ValueError, match=r"letter|address"):
        render(replace(sample(LetterKind.ALERT), **changes), OFFICE, TEMPLATES)  # type: ignore[arg-type]


def test_a_refusal_holds_no_local_part() -> None:
    """Errors are logged, and logs hold no person's address."""
    with pytest.raises(ValueError, match=r"at csc\.example") as caught:
        render(replace(sample(LetterKind.NOTICE), to=(Contact("fay marsh@csc.example"),)), OFFICE, TEMPLATES)
    assert "fay" not in str(caught.value)


# --- threads in Outlook -----------------------------------------------------------------------------------------------

NOW = datetime(2027, 1, 13, 10, 5, tzinfo=UTC)
BEGAN = datetime(2027, 1, 12, 10, 5, tzinfo=UTC)


def test_an_answer_appends_a_block_to_the_original_index() -> None:
    """The header of the original stays whole, so that Outlook shows one conversation; five octets are added."""
    original = mime.thread_index("", "XX-2027-0007", BEGAN, BEGAN)
    answer = mime.thread_index(original, "XX-2027-0007", BEGAN, NOW)
    before, after = base64.b64decode(original), base64.b64decode(answer)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 5
    assert before[0] == 1  # the first octet of FILETIME from 1829 to 2057
    passed = int.from_bytes(after[-5:-1], "big") << 18
    assert abs(passed / 10_000_000 - 86_400) < 1  # a day, less what the format drops


@pytest.mark.parametrize("bad", ["", "not base64!", "AAAA", base64.b64encode(b"x" * 24).decode(), "A" * 4000])
def test_a_broken_index_is_replaced_by_one_of_the_case(bad: str) -> None:
    """Letters of one case share a conversation even when the original had no usable index."""
    one, two = (base64.b64decode(mime.thread_index(bad, "XX-2027-0007", BEGAN, at)) for at in (BEGAN, NOW))
    assert one[:22] == two[:22]
    assert one[6:22] != base64.b64decode(mime.thread_index(bad, "XX-2027-0008", BEGAN, NOW))[6:22]


def test_message_ids_are_secret_stable_and_ours() -> None:
    """The same letter has the same id; another secret, case or key another; ours are known without a list."""
    made = letters.message_id(b"secret", "XX-2027-0007", "occasion/notice/a@csc.example", "Partnership.example")
    assert made == letters.message_id(b"secret", "XX-2027-0007", "occasion/notice/a@csc.example", "partnership.example")
    others = {
        letters.message_id(b"other", "XX-2027-0007", "occasion/notice/a@csc.example", "partnership.example"),
        letters.message_id(b"secret", "XX-2027-0008", "occasion/notice/a@csc.example", "partnership.example"),
        letters.message_id(b"secret", "XX-2027-0007", "occasion/notice/b@csc.example", "partnership.example"),
    }
    assert len(others | {made}) == 4
    assert "csc" not in made
    assert letters.is_ours(f"<{made}>", b"secret")
    assert letters.is_ours(made.partition("@")[0] + "@elsewhere.example", b"secret")
    for forged in (made[:-30] + "0" * 12, made.replace(made[:4], "zzzz"), "", "a.b@c", "é.ü@c"):
        assert not letters.is_ours(forged.partition("@")[0][:-1] + "@x", b"secret")
    assert not letters.is_ours(made, b"other")


# --- attachments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"From: a@b.example\r\nSubject: x\r\n\r\nhello\r\n", "message/rfc822"),
        ("From: a@b.example\r\n\r\nhé\r\n".encode(), "application/octet-stream"),
        (b"From: a@b.example\r\n\r\n" + b"x" * 2000, "application/octet-stream"),
        (b"From: a@b.example\r\n\r\na\0b", "application/octet-stream"),
    ],
)
def test_an_attached_mail_keeps_its_bytes(content: bytes, kind: str) -> None:
    """What the original said reaches the reader unchanged, as a mail where that is allowed, else as a file."""
    office = replace(OFFICE, attachments=(("XX-2027-0007-original.eml", "message/rfc822", content),))
    made = render(sample(LetterKind.ESCALATION), office, TEMPLATES)
    assert made.raw.isascii()
    part = next(iter(parsed(made.raw).iter_attachments()))
    assert part.get_content_type() == kind
    assert part.get_filename() == "XX-2027-0007-original.eml"
    if kind == "message/rfc822":
        assert content in made.raw
    else:
        assert part.get_content() == content


def test_a_file_name_cannot_leave_its_place() -> None:
    """Quotes, slashes and line breaks in a name are only underscores."""
    office = replace(OFFICE, attachments=(('a"\r\nX: y/../é.pdf', "application/pdf", b"%PDF"),))
    message = parsed(render(sample(LetterKind.RECORD), office, TEMPLATES).raw)
    assert message["X"] is None
    assert next(iter(message.iter_attachments())).get_filename() == "a___X_ y_..__.pdf"


def test_a_record_letter_lists_what_it_carries() -> None:
    """The manifest is that of the files themselves where the decision could not know them."""
    letter = sample(LetterKind.RECORD, "minimal")
    office = replace(OFFICE, attachments=(("XX-2027-0007-record.pdf", "application/pdf", b"%PDF"),))
    made = render(changed(letter, manifest=()), office, TEMPLATES)
    assert not made.used_fallback, made.fault
    assert hashlib.sha256(b"%PDF").hexdigest() in made.text


# --- when a template fails --------------------------------------------------------------------------------------------


#: Values that a wording may do without: the letter's own words cover them, or only another sample's branch shows them.
UNUSED = {
    "chaser-outcome": {"writer"},  # where there is an answer
    "outcome-closed": {"original_of_outcome", "writer", "text"},  # of an outcome in writing, written to us alone
    "information-closing_word": {"mine"},  # not of a decision
    "question-whose_answer": {"text", "again"},  # asked for where the mail did not reach the reader, or others came
    "answer-corrected": {"stages"},
    "information-telling": {"due", "who"},  # the case has one; who answered, where anybody did
    "response-again": {"manager", "again"},  # each where the other is known
    "response-manager": {"wrote"},  # not where the raiser is away
    "chaser-half": {"commitment"},  # it stands among what came
    "chaser-last": {"commitment"},
    "chaser-raiser": {"commitment"},
    "information-answered": {"who"},  # not to themselves
    "information-parent_note": {"window"},
    "escalation-lapsed": {"lapsed", "from_stage_name", "original"},  # urgent: the hours say it; attached: it is there
    "escalation-asked": {"original"},
    "escalation-repeat": {"original"},
    "escalation-reopened": {"original"},
    "escalation-live": {"original"},
    "escalation-unconfirmed": {"original"},
    "information-sent_on": {"who", "when"},  # where nobody answered or asked for it
    "information-passed_on": {"who", "when"},
    "answer-proposed": {"asked"},  # not where a part could not be read, and nobody is asked
}


def less(part: T, missing: str) -> T:
    """The same without one value, which its template then does not find."""
    kept = [(field.name, field.type) for field in fields(part) if field.name != missing]
    known = {name: getattr(part, name) for name in ("kind", "variant", "is_of_case") if hasattr(part, name)}
    bases = (Wording,) if isinstance(part, Wording) else ()
    kind = make_dataclass(
        "Less", kept, bases=bases, namespace={**known, missing: getattr(part, missing)}, frozen=True, kw_only=True
    )
    found: T = kind(**{name: getattr(part, name) for name, _ in kept})
    return found


@each
def test_a_missing_value_falls_back_and_still_says_what_counts(letter: Letter) -> None:
    """Without any one extra value the letter goes in its plain form: action, emergency, due, ref."""
    names = {field.name for field in fields(letter.values)} - {"forms"}  # which the frame looks for and need not find
    for missing in names - UNUSED.get(letter.values.name, set()):
        made = render(replace(letter, values=less(letter.values, missing)), OFFICE, TEMPLATES)
        assert made.used_fallback, missing
        assert made.fault.startswith(f"{letters.template_of(letter)}: UndefinedError")
        assert parsed(made.raw).get_body(("html",)) is not None
        if letter.standing is not None:
            assert f"[{letter.ref}]" in made.text
            assert letter.standing.emergency.say in made.text
            assert wording.short(about(letter)["due"], OFFICE.calendar) in made.text.split("\n", 1)[0]


NOT_IN_NOTICES = {"over", "fixed_words", "window", "urgent", "about", "counts_from", "own_record"}


@pytest.mark.parametrize("missing", sorted(names_of(Standing) - NOT_IN_NOTICES))
def test_a_missing_common_value_falls_back(missing: str) -> None:
    """The same for the values that every letter carries; the notice uses those that any letter must."""
    letter = sample(LetterKind.NOTICE)
    assert letter.standing is not None
    used = render(replace(letter, standing=less(letter.standing, missing)), OFFICE, TEMPLATES, NOW).used_fallback
    optional = ("responder", "advice", "decision_word", "human", "ring", "due_why", "timescales", "opened")
    assert used is (missing not in optional)


@pytest.mark.parametrize("kind", list(LetterKind))
def test_the_plain_form_needs_no_value(kind: LetterKind) -> None:
    """Values that are missing or of the wrong kind cannot stop the letter of last resort."""
    odd = {"due": 7, "emergency": "none", "lines": 3, "human": "Ann", "ref": None, "bot_name": 1}
    for values in ({}, odd):
        assert len(wording.fallback(kind, values, OFFICE.calendar).split("\n", 1)[0]) <= 90


@pytest.mark.parametrize(
    "broken",
    ["{{ ref.__class__.__mro__ }}", "{{ 1 // 0 }}", "{% include 'nothing' %}", "{% for %}", "{{ due|say|nonsense }}"],
)
def test_no_template_can_stop_a_letter(broken: str) -> None:
    """Whatever is wrong with an operator's file, the letter goes and says that its template failed."""
    made = render(sample(LetterKind.CHASER), OFFICE, Templates.from_texts(TEXTS | {"chaser-half.txt.j2": broken}))
    assert made.used_fallback
    assert made.fault.startswith("chaser-half.txt.j2: ")
    assert made.text.startswith("Reminder: please reply to this challenge by Wednesday 13 January, 10:05am\n")


def test_a_broken_page_costs_only_the_page() -> None:
    """The text part says everything; a letter without its HTML part is whole."""
    made = render(sample(LetterKind.CHASER), OFFICE, Templates.from_texts(TEXTS | {"base.html.j2": "{{ x }}"}))
    assert made.used_fallback
    assert parsed(made.raw).get_content_type() == "text/plain"
    assert made.text == render(sample(LetterKind.CHASER), OFFICE, TEMPLATES).text


@pytest.mark.parametrize("words", ["{{ 7 * 191 }}", "{% for n in range(3) %}1337{% endfor %}", "{# gone #}x"])
def test_what_somebody_wrote_is_no_template(words: str) -> None:
    """It stands in the letter as it was written: nothing in it is worked out."""
    letter = next(one for one in SAMPLES if one.kind is LetterKind.RELAY)
    made = render(changed(letter, text=words), OFFICE, TEMPLATES)
    assert not made.used_fallback, made.fault
    assert f"> {words}\n" in made.text


def test_the_fault_holds_no_value() -> None:
    """What failed is logged, and a log holds no name."""
    letter = sample(LetterKind.CHASER)
    made = render(changed(letter, due="Helen Visser"), OFFICE, TEMPLATES)
    assert made.used_fallback
    assert "Helen" not in made.fault


# --- one letter, whole ------------------------------------------------------------------------------------------------

GOLDEN = """\
Please reply to Helen Visser by Wednesday 13 January, 10:05am

If a child is at immediate risk, ring 999. For anything that cannot wait now, ring the Front Door on 01632 \
960999.

Helen Visser (North Health) has raised a professional challenge and asks for an answer in 24 hours (Step 1: Line \
Managers). The original: Tuesday 12 January, 10:05am, in the inbox of Riverside Assessment Team.

1. Read it there, or ask Helen Visser, 01632 960101.
2. Answer in your own words: reply to all, or reply here and it is sent on.
3. Urgent: say now by when.

- RECEIVED by 3pm: when you will answer; the time stands
- PHONE: when you spoke, what was agreed
- NOT MINE: somebody else's

The time ends on Wednesday 13 January 2027, 10:05am.

No reply recorded by then: it goes to Step 2: Designated Safeguarding Leads (Dev Patel, Ruth Okoye).

--
[XX-2027-0007]. Professional Challenge Procedure. Sample Safeguarding Children Partnership. Sent by a machine: \
it sees mail only, and nobody reads this mailbox out of hours. Reply WHY to see how the time was worked out.
"""


def test_the_notice_reads_as_agreed() -> None:
    """The letter that most people will ever see, word for word."""
    assert render(sample(LetterKind.NOTICE, "opened"), OFFICE, TEMPLATES).text == GOLDEN
