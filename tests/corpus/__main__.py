"""`make corpus`: precision and recall per kind, and how often the reply is the one a person sees.

The labelled mails lie in the folder that CHALLENGE_BOT_CORPUS names; they belong to their senders and are not part of
this repository. Sources named by --hold-out are counted by themselves: rules must be written without looking at them.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.cli.understand import reading_of
from bot.mail.understood import understand
from tests.corpus import others
from tests.corpus.labelled import KINDS, ROOM, Labelled, folder, load

NEARLY = 0.9
CONFIG = Path(__file__).resolve().parent.parent.parent / "config"
_WORD = re.compile(r"\w+|[^\w\s]")

Pairs = list[tuple[str, str]]  # (labelled, said)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hold-out", nargs="*", default=[], metavar="SOURCE", help="folders to count by themselves")
    parser.add_argument("--wrong", action="store_true", help="name every mail read wrongly, but none held out")
    asked = parser.parse_args()
    root = folder()
    if root is None:
        say(f"*** NOTHING WAS MEASURED: {ROOM} names no folder with labels.jsonl ***")
        return 1
    mails = load(root)
    held = [mail for mail in mails if mail.source in asked.hold_out]
    shown = [mail for mail in mails if mail.source not in asked.hold_out]
    crashes = measure("mails", shown, asked.wrong)
    crashes += measure("held out", held, names=False) if held else 0
    return 1 if crashes else 0


def measure(title: str, mails: Sequence[Labelled], names: bool) -> int:
    """Prints both tables for these mails; the number of those that the reader stumbled over."""
    reading = reading_of(CONFIG)
    said = [understand(mail.raw, reading) for mail in mails]
    crashes = [m.file for m, s in zip(mails, said, strict=True) if any("_failed" in defect for defect in s["defects"])]
    say(f"\n== {title}: {len(mails)} mails, {len(crashes)} crashes {' '.join(crashes)}")
    kinds(mails, [str(answer["kind"]) for answer in said])
    replies(mails, [str(answer["reply"]) for answer in said])
    if others.RAISED:
        say("raised: " + ", ".join(f"{name} {count}" for name, count in sorted(others.RAISED.items())))
    for mail, answer in zip(mails, said, strict=True) if names else ():
        if mail.kind and answer["kind"] != mail.kind:
            say(f"  {mail.file}: {mail.kind}, read as {answer['kind']}")
        if mail.reply is not None and nearness(str(answer["reply"]), mail.reply) < NEARLY:
            say(f"  {mail.file}: the reply is not the one labelled")
    return len(crashes)


# --- kinds ------------------------------------------------------------------------------------------------------------


def kinds(mails: Sequence[Labelled], ours: Sequence[str]) -> None:
    labelled = [n for n, mail in enumerate(mails) if mail.kind]
    if not labelled:
        return
    columns: dict[str, Pairs] = {"this bot": [(mails[n].kind, ours[n]) for n in labelled]}
    for name, judge in (("headers", others.by_headers), ("flufl", others.by_flufl), ("both", others.by_both)):
        columns[name] = [(mails[n].kind, judge(mails[n].raw)) for n in labelled]
    say(f"\n{'precision / recall':<18}{'n':>5}" + "".join(f"{name:>16}" for name in columns))
    for kind in KINDS:
        count = sum(mails[n].kind == kind for n in labelled)
        say(f"{kind:<18}{count:>5}" + "".join(f"{_rates(pairs, kind):>16}" for pairs in columns.values()))
    robots = sum(mails[n].kind != "human" for n in labelled)
    say(_line("robots as people", robots, columns, lambda was, said: was != "human" and said == "human"))
    say(_line("people lost", len(labelled) - robots, columns, lambda was, said: was == "human" and said != "human"))


def _rates(pairs: Pairs, kind: str) -> str:
    counted = Counter((was == kind, said == kind) for was, said in pairs)
    hit, missed, wrong = counted[True, True], counted[True, False], counted[False, True]
    return f"{_share(hit, hit + wrong)} / {_share(hit, hit + missed)}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _line(title: str, of: int, columns: dict[str, Pairs], counts: Callable[[str, str], bool]) -> str:
    cells = [sum(counts(*pair) for pair in pairs) for pairs in columns.values()]
    return f"{title:<18}{of:>5}" + "".join(f"{f'{n} ({n / max(of, 1):.1%})':>16}" for n in cells)


# --- replies ----------------------------------------------------------------------------------------------------------


def replies(mails: Sequence[Labelled], ours: Sequence[str]) -> None:
    stated = [(mail, reply) for mail, reply in zip(mails, ours, strict=True) if mail.reply is not None]
    if not stated:
        return
    texts = [mail.body if mail.body is not None else others.plain_text(mail.raw) for mail, _ in stated]
    wanted = [mail.reply or "" for mail, _ in stated]
    say(f"\n{'replies':<20}{'n':>5}{'exact':>9}{'F1>=0.9':>9}{'mean F1':>9}")
    _replies("this bot", wanted, [reply for _, reply in stated])
    _replies("mail-parser-reply", wanted, [others.mail_parser_reply(text) for text in texts])
    _replies("email-reply-parser", wanted, [others.email_reply_parser(text) for text in texts])
    _replies("quotequail", wanted, [others.quotequail_reply(text) for text in texts])


def _replies(name: str, wanted: Sequence[str], given: Sequence[str]) -> None:
    near = [nearness(one, other) for one, other in zip(given, wanted, strict=True)]
    exact = sum(_plain(one) == _plain(other) for one, other in zip(given, wanted, strict=True))
    nearly = sum(score >= NEARLY for score in near)
    count = len(near)
    say(f"{name:<20}{count:>5}{exact / count:>9.3f}{nearly / count:>9.3f}{sum(near) / count:>9.3f}")


def nearness(one: str, other: str) -> float:
    """F1 of the words and marks that two texts share, each counted as often as it stands there."""
    ours, theirs = (Counter(_WORD.findall(_plain(text).lower())) for text in (one, other))
    shared = sum((ours & theirs).values())
    return 2 * shared / (ours.total() + theirs.total()) if ours or theirs else 1.0


def _plain(text: str) -> str:
    return " ".join(text.split())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
