"""APPOINT: the decider names who decides in their place, and from then on that person's DECIDED: counts too.

Only somebody whom the directory knows can be appointed by mail, by name or address: of anybody else no word could be
proven. What was said is kept in the journal all the same, and the one who said it is told.
"""

from __future__ import annotations

from bot.case.draft import Draft, person
from bot.model import Contact, LetterKind, Mail

SIDE = "decider"


def appointed(d: Draft, note: str, by: Contact, mail: Mail) -> None:
    """The named person may decide at this stage, and both are told."""
    found = known(d, note)
    d.event("appointed", by=by.email, note=found.email if found else "not in the directory")
    if found is None:
        d.flag("appointed_is_unknown")
        choices = [["APPOINT name@agency.example", "with the name or address of somebody who stands in the directory"]]
        d.write(LetterKind.QUESTION, "meaning", [by], mail=mail, choices=choices, human=by)
        return
    d.joined(SIDE, found)
    d.write(LetterKind.INFORMATION, "appointed", [found], mail=mail, human=by, who=person(found), decider=person(by))
    told = [c for c in (d.case.raiser, *d.responders, by) if c.email != found.email]
    d.write(LetterKind.INFORMATION, "appointed", told, mail=mail, human=by, who=person(found), decider=person(by))


def known(d: Draft, note: str) -> Contact | None:
    """Whom the directory knows by the name or address in these words; None for nobody, or for more than one."""
    words = " ".join(note.replace("<", " ").replace(">", " ").casefold().split())
    rows = [r for r in d.rules.directory.rows if r.area == d.case.area and r.is_valid(d.now.date())]
    named = {r.email for r in rows if any(a in words.split() for a in r.addresses) or _is_name(r.name, words)}
    return d.rules.directory.person(named.pop()) if len(named) == 1 else None


def _is_name(name: str, words: str) -> bool:
    return bool(name) and f" {' '.join(name.casefold().split())} " in f" {words.rstrip('.,;')} ".replace(",", " ")
