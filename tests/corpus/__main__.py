"""`make corpus`: precision and recall per kind, of what replies mean and of each sign, and how often the reply is the
one a person sees; beside other readers.

Given are the labelled mails of the folder that CHALLENGE_BOT_CORPUS names, which belong to their senders and are not
part of this repository, and those of the folder that CHALLENGE_BOT_FIELD names. Held out are those of tests/corpus/
heldout, written without sight of the reader, and the sources named by --hold-out: rules must be written without looking
at them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from bot.cli.understand import reading_of
from bot.mail.understood import understand
from tests.corpus import labelled, others
from tests.corpus.labelled import HELD_OUT, KINDS, Labelled
from tests.corpus.said import Pairs, Said, nearness, ours, plain, rates

NEARLY = 0.9
CONFIG = Path(__file__).resolve().parent.parent.parent / "config"

S = TypeVar("S", str, Said)
Columns = dict[str, Sequence[S]]
Row = tuple[str, Callable[[Labelled], object], Callable[[Said], object]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hold-out", nargs="*", default=[], metavar="SOURCE", help="folders to count by themselves")
    parser.add_argument("--held", type=Path, default=HELD_OUT, metavar="FOLDER", help="mails that were held out")
    parser.add_argument("--wrong", action="store_true", help="name every mail read wrongly, but none held out")
    asked = parser.parse_args(arguments)
    parts = _parts(asked.hold_out, asked.held)
    crashes = [measure(title, mails, names and asked.wrong) for title, mails, names in parts if mails]
    return 1 if any(crashes) or not crashes else 0


def _parts(hold_out: Sequence[str], held: Path) -> list[tuple[str, list[Labelled], bool]]:
    """What is counted by itself: title, mails, and whether mails may be named."""
    corpus, field = labelled.folder(), labelled.field_folder()
    for root, room in ((corpus, labelled.ROOM), (field, labelled.FIELD)):
        if root is None:
            say(f"*** NOT MEASURED: {room} names no folder with labels ***")
    mails = labelled.load(corpus) if corpus else []
    return [
        ("given: mails of other projects", [mail for mail in mails if mail.source not in hold_out], True),
        ("given: mails of the field", labelled.load_field(field) if field else [], True),
        ("held out: of other projects", [mail for mail in mails if mail.source in hold_out], False),
        ("held out: written unseen", labelled.load(held) if (held / "labels.jsonl").is_file() else [], False),
    ]


def measure(title: str, mails: Sequence[Labelled], names: bool) -> int:
    """Prints the tables for these mails; the number of those that the reader stumbled over."""
    reading = reading_of(CONFIG)
    others.RAISED.clear()
    answers = [understand(mail.raw, reading) for mail in mails]
    stumbled = [
        m.file for m, a in zip(mails, answers, strict=True) if any("_failed" in defect for defect in a["defects"])
    ]
    say(f"\n== {title}: {len(mails)} mails, {len(stumbled)} crashes {' '.join(stumbled)}".rstrip())
    said = [ours(answer) for answer in answers]
    kinds(mails, said)
    words(mails, said)
    replies(mails, [str(answer["reply"]) for answer in answers])
    if others.RAISED:
        say("raised: " + ", ".join(f"{name} {count}" for name, count in sorted(others.RAISED.items())))
    for mail, one, answer in zip(mails, said, answers, strict=True) if names else ():
        for fault in _faults(mail, one, str(answer["reply"])):
            say(f"  {mail.file}: {fault}")
    return len(stumbled)


def _faults(mail: Labelled, said: Said, reply: str) -> list[str]:
    """What was read otherwise than labelled."""
    faults = [f"{mail.kind}, read as {said.kind}"] if mail.kind and said.kind != mail.kind else []
    for title, label, reads in ROWS:
        was, got = label(mail), reads(said)
        if was is not None and rates([(was, got)]) not in ((1, 1), (None, None)):
            faults.append(f"{title}: {was or 'no'}, read as {got or 'no'}")
    if mail.reply is not None and nearness(reply, mail.reply) < NEARLY:
        faults.append("the reply is not the one labelled")
    return faults


# --- kinds ------------------------------------------------------------------------------------------------------------


def kinds(mails: Sequence[Labelled], said: Sequence[Said]) -> None:
    stated = [n for n, mail in enumerate(mails) if mail.kind]
    if not stated:
        return
    columns: Columns[str] = {"this bot": [said[n].kind for n in stated]}
    for name, judge in (("headers", others.by_headers), ("flufl", others.by_flufl), ("both", others.by_both)):
        columns[name] = [judge(mails[n].raw) for n in stated]
    pairs = {name: _pairs([mails[n].kind for n in stated], all_) for name, all_ in columns.items()}
    _head(columns)
    for kind in KINDS:
        _rates(kind, {name: [(a == kind, b == kind) for a, b in two] for name, two in pairs.items()})
    _count("robots as people", {name: [b == "human" for a, b in two if a != "human"] for name, two in pairs.items()})
    _count("people lost", {name: [b != "human" for a, b in two if a == "human"] for name, two in pairs.items()})


# --- what replies mean, and each sign ---------------------------------------------------------------------------------


def _means(meaning: str) -> Callable[[Labelled], object]:
    return lambda mail: mail.meaning == meaning if mail.meaning else None


def _bounce(is_report: bool) -> Callable[[Labelled], object]:
    """Of the mails whose headers name a report, or of all others."""
    return lambda mail: (
        mail.kind == "bounce" if mail.kind and (others.by_headers(mail.raw) == "bounce") is is_report else None
    )


def _away(mail: Labelled) -> object:
    """An automatic reply that no header declares; of the mails that the standard headers leave to a person."""
    if others.by_headers(mail.raw) != "human" or not (mail.kind or mail.shape):
        return None
    return mail.kind == "auto_reply" or mail.shape == "away"


def _reaction(mail: Labelled) -> object:
    return mail.shape == "reaction" if mail.kind or mail.shape else None


def _kept(mail: Labelled) -> object:
    """Of the mails of which somebody said what they mean as a reply."""
    return mail.shape == "kept" if mail.meaning else None


ROWS: tuple[Row, ...] = (
    ("answer", _means("answer"), lambda said: said.meaning == "answer"),
    ("holding", _means("holding"), lambda said: said.meaning == "holding"),
    ("doubtful", _means("doubtful"), lambda said: said.meaning == "doubtful"),
    ("stops no clock", lambda mail: mail.holding, lambda said: said.meaning != "answer"),
    ("kept and asked", _kept, lambda said: said.is_kept),
    ("reaction", _reaction, lambda said: said.is_reaction),
    ("away, no header", _away, lambda said: said.is_away),
    ("bounce, report", _bounce(True), lambda said: said.kind == "bounce"),
    ("bounce, no report", _bounce(False), lambda said: said.kind == "bounce"),
    ("challenge", lambda mail: mail.trigger, lambda said: said.is_trigger),
    ("window", lambda mail: mail.window, lambda said: said.window),
    ("command", lambda mail: mail.command, lambda said: said.command),
)


def words(mails: Sequence[Labelled], said: Sequence[Said]) -> None:
    columns: Columns[Said] = {
        "this bot": said,
        "phrases": [others.by_phrases(mail.raw) for mail in mails],
        "any reply": [others.any_reply(mail.raw) for mail in mails],
    }
    found = {row[0]: found_of(row, mails, columns) for row in ROWS}
    shown = {title: cells for title, cells in found.items() if any(was for was, _ in cells["this bot"])}
    if not shown:
        return
    _head(columns)
    for title, cells in shown.items():
        _rates(title, cells)
    holds = {name: [not got for was, got in pairs if was] for name, pairs in found["stops no clock"].items()}
    _count("taken for answers", holds)
    answers = {
        name: [one.meaning for one, mail in zip(all_, mails, strict=True) if mail.meaning == "answer"]
        for name, all_ in columns.items()
    }
    _count("answers asked of", {name: [one == "doubtful" for one in all_] for name, all_ in answers.items()})
    _count("answers lost", {n: [one not in ("answer", "doubtful") for one in all_] for n, all_ in answers.items()})


def found_of(row: Row, mails: Sequence[Labelled], columns: Columns[Said]) -> dict[str, Pairs]:
    """What each reader said of the mails for which the row's label is stated."""
    _, label, reads = row
    stated = [(n, was) for n, mail in enumerate(mails) if (was := label(mail)) is not None]
    return {name: [(was, reads(all_[n])) for n, was in stated] for name, all_ in columns.items()}


# --- replies ----------------------------------------------------------------------------------------------------------


def replies(mails: Sequence[Labelled], texts: Sequence[str]) -> None:
    stated = [(mail, reply) for mail, reply in zip(mails, texts, strict=True) if mail.reply is not None]
    if not stated:
        return
    plain_texts = [mail.body if mail.body is not None else others.plain_text(mail.raw) for mail, _ in stated]
    wanted = [mail.reply or "" for mail, _ in stated]
    say(f"\n{'replies':<20}{'n':>5}{'exact':>9}{'F1>=0.9':>9}{'mean F1':>9}")
    _replies("this bot", wanted, [reply for _, reply in stated])
    _replies("mail-parser-reply", wanted, [others.mail_parser_reply(text) for text in plain_texts])
    _replies("email-reply-parser", wanted, [others.email_reply_parser(text) for text in plain_texts])
    _replies("quotequail", wanted, [others.quotequail_reply(text) for text in plain_texts])


def _replies(name: str, wanted: Sequence[str], given: Sequence[str]) -> None:
    near = [nearness(one, other) for one, other in _pairs(given, wanted)]
    exact = sum(plain(one) == plain(other) for one, other in _pairs(given, wanted))
    nearly = sum(score >= NEARLY for score in near)
    count = len(near)
    say(f"{name:<20}{count:>5}{exact / count:>9.3f}{nearly / count:>9.3f}{sum(near) / count:>9.3f}")


# --- lines ------------------------------------------------------------------------------------------------------------


def _pairs(was: Sequence[str], said: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(was, said, strict=True))


def _head(columns: Columns[str] | Columns[Said]) -> None:
    say(f"\n{'precision / recall':<18}{'n':>5}" + "".join(f"{name:>16}" for name in columns))


def _rates(title: str, cells: dict[str, Pairs]) -> None:
    """`n`: how many are labelled so."""
    count = sum(bool(was) for was, _ in next(iter(cells.values())))
    shares = [[f"{one:.3f}" if one is not None else "-" for one in rates(pairs)] for pairs in cells.values()]
    say(f"{title:<18}{count:>5}" + "".join(f"{' / '.join(pair):>16}" for pair in shares))


def _count(title: str, cells: dict[str, list[bool]]) -> None:
    """How many of `n` are so, which should be none."""
    if of := len(next(iter(cells.values()))):
        shown = "".join(f"{f'{sum(all_)} ({sum(all_) / of:.1%})':>16}" for all_ in cells.values())
        say(f"{title:<18}{of:>5}{shown}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
