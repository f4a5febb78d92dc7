"""The guards, each with a way to take it away: the yardstick of the techniques that lean on them.

Everywhere else no test patches a name of ours. Here taking the guard away is the test: with it nothing happens, without
it the same mails do harm. Each way is the naive rule that stands in other programs, no more. It makes no mail.
"""

from __future__ import annotations

import base64
import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
import re2

from bot.case import dated, placement
from bot.case.course import delivery
from bot.case.making import incident
from bot.case.placement import Attach
from bot.case.said import cells, codes, command, questions, replies, words
from bot.engine import strangers
from bot.engine.reading import place
from bot.engine.reading.pen import answers as pen
from bot.mail import read, trust
from bot.mail.bytes import addresses, headers, text
from bot.mail.bytes.headers import Headers, decoded
from bot.mail.machine import automatic
from bot.mail.words import commands
from bot.model import Address, MailKind, Proof
from bot.rules import authority
from bot.rules.authority import Side
from tests.forged import techniques as named
from tests.forged.world import EVIL, World

Remove = Callable[[pytest.MonkeyPatch, World], None]
WITHOUT: dict[str, Remove] = {}


def without(guard: str) -> Callable[[Remove], Remove]:
    def register(remove: Remove) -> Remove:
        WITHOUT[guard] = remove
        return remove

    return register


def everywhere(patch: pytest.MonkeyPatch, was: Callable[..., Any], now: Callable[..., Any]) -> None:
    """In every room of the bot that knows the function by name."""
    for name, module in [item for item in sys.modules.items() if item[0].startswith("bot.")]:
        for attribute, value in list(vars(module).items()):
            if value is was:
                patch.setattr(f"{name}.{attribute}", now)


def undated(patch: pytest.MonkeyPatch) -> None:
    """What a mail was signed for is not asked: a second guard, behind which the first would not be seen."""
    everywhere(patch, dated.outdated, lambda *_, **__: "")
    everywhere(patch, dated.elsewhere, lambda *_: "")


# --- who wrote it -----------------------------------------------------------------------------------------------------


@without(named.PROOF)
def everybody_is_believed(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, trust.prove, lambda *_: (Proof.PROVEN, "whoever writes"))
    undated(patch)


@without(named.SINGLE)
def any_address_of_the_head_is_the_sender(patch: pytest.MonkeyPatch, world: World) -> None:
    def guessed(found: Headers) -> tuple[Address | None, tuple[str, ...]]:
        lines = " ".join(decoded(v) for name in ("from", "x-from", "sender") for v in found.all(name))
        spec = re2.compile(r"[a-z.]+@[a-z.]+[a-z]")
        every = [m.group() for m in spec.finditer(lines)] or [EVIL]
        return Address(next((one for one in every if one != EVIL), EVIL)), ()

    everywhere(patch, addresses.sender, guessed)


@without(named.WHOLE)
def a_doubtful_from_is_one(patch: pytest.MonkeyPatch, world: World) -> None:
    undated(patch)
    patch.setattr(read, "_UNSEEN", frozenset())
    was = addresses.sender
    everywhere(patch, was, lambda found: (was(found)[0], ()))


@without(named.ALIGNED)
def any_pass_is_a_pass(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, trust._passes, lambda results, domain: any(r.result == "pass" for r in results))


@without(named.BORDER)
def whoever_writes_a_pass_is_believed(patch: pytest.MonkeyPatch, world: World) -> None:
    said = re2.compile(r"dmarc=(\w+) header\.from=([\w.-]+)")

    def every(found: Headers, servers: set[str]) -> list[trust.Result]:
        lines = [value for name, value in found.fields if "authentication-results" in name]
        results = [trust.Result("dmarc", m.group(1), m.group(2)) for line in lines for m in said.finditer(line)]
        return sorted(results, key=lambda one: one.result != "pass")

    everywhere(patch, trust._ours, every)


@without(named.SEALED)
def every_seal_counts(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, trust._sealed, lambda *_: True)


@without(named.PROFILE)
def marks_of_the_other_profile_count(patch: pytest.MonkeyPatch, world: World) -> None:
    was = trust.prove

    def both(found: Headers, sender: Address | None, whom: trust.Trust) -> tuple[Proof, str]:
        inside = found.get("x-ms-exchange-organization-authas") == "Internal"
        return (Proof.PROVEN, "inside") if inside else was(found, sender, whom)

    everywhere(patch, was, both)


@without(named.REPLAYED)
def a_signature_holds_for_ever(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, dated.outdated, lambda *_, **__: "")


@without(named.INSIDE)
def whatever_is_marked_from_inside_is(patch: pytest.MonkeyPatch, world: World) -> None:
    was = trust._exchange

    def marked(found: Headers, domain: str, whom: trust.Trust) -> tuple[Proof, str]:
        inside = found.get("x-ms-exchange-organization-authas") == "Internal"
        return (Proof.PROVEN, "inside") if inside else was(found, domain, whom)

    everywhere(patch, was, marked)


# --- whose word it is -------------------------------------------------------------------------------------------------


@without(named.SIDES)
def everybody_is_a_party(patch: pytest.MonkeyPatch, world: World) -> None:
    all_of_them = frozenset({Side.RAISING, Side.RESPONDING, Side.UNIT})
    everywhere(patch, authority.sides, lambda *_: all_of_them)


@without(named.MATRIX)
def every_word_is_everybodys(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, authority._by_which, lambda word, case, email, stand, rules: next(iter(stand)))


@without(named.ASKED)
def anybody_may_answer_any_question(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, command.replied_to, lambda d, fact: next(iter(d.case.questions), None))
    everywhere(patch, questions.is_put_to, lambda *_: True)
    everywhere(patch, codes.bears_code, lambda *_: True)


@without(named.PEN)
def anybody_places_mail(patch: pytest.MonkeyPatch, world: World) -> None:
    was = pen.Penned._authority
    patch.setattr(pen.Penned, "_authority", lambda self, mail, digests: (was(self, mail, digests)[0], ("CE",)))


# --- which mail it is -------------------------------------------------------------------------------------------------


@without(named.MATCHING)
def whatever_looks_alike_belongs_together(patch: pytest.MonkeyPatch, world: World) -> None:
    def alike(mail: Any, inbox: Any, known: placement.Known, *_: Any) -> Attach:
        found = [number for _, number in known.refs] + [number for _, number, _ in known.ids]
        return Attach(found[0] if found else 1, "it looks alike")

    everywhere(patch, placement.place, alike)


@without(named.SWALLOWED)
def a_ref_is_stronger_than_a_challenge(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, placement._is_new, lambda *_: False)
    everywhere(patch, placement.is_of, lambda *_: True)


@without(named.KEYS)
def keys_of_content_are_ids(patch: pytest.MonkeyPatch, world: World) -> None:
    patch.setattr(place, "KEYS", ())


@without(named.COPY)
def no_copy_is_known(patch: pytest.MonkeyPatch, world: World) -> None:
    count = itertools.count()
    everywhere(patch, place.content_key, lambda mail: f"content:{next(count)}")
    everywhere(patch, place.signed_key, lambda mail: f"signed:{next(count)}")
    everywhere(patch, cells.borne, lambda _draft, _fact, mail: mail)  # a second guard of the same: one id, two mails


@without(named.BOUNCED)
def every_bounce_counts(patch: pytest.MonkeyPatch, world: World) -> None:
    notice = next(q.letter for q in world.letters() if q.letter.message_id == world.targets[0].to_responder)
    everywhere(patch, placement._bounced, lambda *_: Attach(1, "a bounce", notice.key))


@without(named.LATE)
def every_bounce_means_that_nobody_is_there(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, delivery._doubted, lambda d, known, _: d.lost(known.contact.email))


@without(named.MANY)
def everybody_is_written_to(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, strangers.are_many, lambda *_: False)


@without(named.WATCHED)
def nobody_watches_the_ids(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, incident.watch, lambda *_: None)


# --- what it says, and what sent it -----------------------------------------------------------------------------------


@without(named.FIRST_LINE)
def a_word_counts_wherever_it_stands(patch: pytest.MonkeyPatch, world: World) -> None:
    was, marks = read._read, re2.compile(r"^(?:Subject: |[> ]+)")

    def anywhere(raw: bytes, *more: Any, **how: Any) -> Any:
        lines = [marks.sub("", line) for line in raw.decode("utf-8", "replace").splitlines()]
        found = (commands.command(line) for line in lines if ":" not in line or "RE:" in line or "DECIDED" in line)
        word = next((replace(one, note="", is_plain=True) for one in found if one), None)  # as if it stood alone
        return replace(was(raw, *more, **how), command=word)

    everywhere(patch, was, anywhere)


@without(named.NAMES)
def every_name_is_printed(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, placement._unnamed, lambda mail, _: mail)


@without(named.LEADS)
def a_name_may_hold_anything(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, addresses.plain, lambda name: name)


@without(named.HIDDEN)
def html_is_read_by_its_tags(patch: pytest.MonkeyPatch, world: World) -> None:
    tag = re2.compile(r"(?s)<[^<>]*>|<!--|-->")
    everywhere(patch, text.from_html, lambda html: unescape(tag.sub("\n", html)))


@without(named.KIND)
def every_mail_is_a_persons(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, automatic.classify, lambda *_, **__: automatic.Verdict(MailKind.HUMAN))


@without(named.LIST)
def a_list_is_its_author(patch: pytest.MonkeyPatch, world: World) -> None:
    was = automatic.classify
    everywhere(patch, was, lambda *given, **more: replace(was(*given, **more), is_list=False))


@without(named.DEPARTED)
def every_departure_is_believed(patch: pytest.MonkeyPatch, world: World) -> None:
    was = replies.on_absent
    everywhere(patch, was, lambda d, sender, told, is_proven: was(d, sender, told, True))


@without(named.ENDS)
def a_header_ends_anywhere(patch: pytest.MonkeyPatch, world: World) -> None:
    undated(patch)
    was = headers.split
    word = re2.compile(r"=\?utf-8\?b\?[^?]*\?=")

    def loose(raw: bytes) -> tuple[Headers, bytes, tuple[str, ...]]:
        block = raw.decode("utf-8", "replace").replace("\r\n\t", "\r\n").replace("\x0b", "\r\n")
        title = word.search(block)
        if title:
            block = block.replace(title.group(), base64.b64decode(title.group()[10:-2]).decode())
        return was(block.encode())

    everywhere(patch, was, loose)


# --- words that only a ref, or an id that leaked, carries -------------------------------------------------------------


@without(named.CODE)
def a_yes_needs_no_code(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, codes.bears_code, lambda *_: True)


@without(named.NOWHERE)
def a_ref_is_enough(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, words.is_out_of_nowhere, lambda *_: False)


@without(named.GUESS)
def every_alarm_is_raised(patch: pytest.MonkeyPatch, world: World) -> None:
    everywhere(patch, incident.is_guess, lambda *_: False)
