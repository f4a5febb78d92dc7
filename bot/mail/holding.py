"""Replies that promise an answer and give none: they stop no clock.

A reply is holding when nothing is new and nothing attached, or when every sentence of it is on the list below. The list
errs on the safe side twice: a sentence that is not on it counts as an answer, which the raiser is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

from bot.mail import trimmings
from bot.model import Attachment

_WHO = r"(?:i|we|i'?ll|we'?ll|they|she|he|someone|a manager|my manager|our manager|the manager|the team)"
_WILL = r"(?:will|shall|'?ll|am going to|are going to|can|hope to|aim to|intend to|need to|plan to|'?m going to)"
_SOON = (
    r"(?:\W*(?:now|soon|shortly|asap|as soon as (?:i can|we can|possible)|today|tomorrow|tonight|later(?: today"
    r"| on)?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|am|pm|morning|afternoon|evening"
    r"|this (?:morning|afternoon|evening|week)|next week|first thing|in due course|in a bit"
    r"|when i(?:'m| am) (?:back|free|able)|(?:by|on|at|before|after|within|in)(?: [\w:/]+){1,4}|with (?:an"
    r"|a) (?:answer|response|update|reply)|about (?:this|it)|on this|to (?:discuss|you)|once(?: [\w\']+){1,8}"
    r"|then|and)\W*)*"
)  # fmt: skip
_LEAD = (
    r"(?:(?:thanks|thank you|many thanks|ok|okay|noted|hi|hello|sure|yes|great|sorry|apologies|please|just|so"
    r"|and|but|of course)\W+(?:for (?:this|that|your (?:e-?mail|message|challenge)|letting (?:me|us) know)\W*)?)*"
)
_THING = (
    r"(?:this|that|it|things|your (?:e-?mail|message|challenge|concerns?)|the (?:matter|case|concerns?"
    r"|challenge|e-?mail))"
)

_PHRASES = (
    rf"(?:(?:{_WHO} ?)?{_WILL} )?(?:also )?(?:call|ring|phone|telephone|contact|e-?mail|speak (?:to|with)"
    rf"|catch up with|talk to|write to) (?:you|u|her|him|them|the team){_SOON}",
    rf"(?:(?:{_WHO} ?)?{_WILL} )?(?:come|get|be) (?:back|in touch|in contact)(?: (?:to|with) (?:you|u))?{_SOON}",
    rf"(?:(?:{_WHO} ?)?{_WILL} )?(?:respond|reply|answer|report back|revert|update you|let you know|keep you (?:posted"
    rf"|updated|informed))(?: (?:to (?:you|this)|fully|properly|in full|in detail|formally))*{_SOON}",
    rf"(?:{_WHO} ?(?:{_WILL}|am|are|is|'?m|'?re|'?s)? ?)?(?:currently |now )?(?:be )?(?:look(?:ing)?|check(?:ing)?"
    rf"|chas(?:e|ing)|deal(?:ing)?|pick(?:ing)?|follow(?:ing)?|tak(?:e|ing))(?: (?:a look|up|into|in to|at|with|on"
    rf"|this up))*(?: {_THING}| on)?(?: up)?{_SOON}",
    r"(?:your (?:e-?mail|message|challenge)(?: is| has been| was)? |this (?:is|has been) |(?:e-?mail"
    r"|message) )?(?:received|acknowledged|noted|read)(?: with thanks| and noted| thank you| thanks|\W+)*",
    rf"(?:{_WHO} )?(?:acknowledge|confirm|can confirm|have|'?ve)(?: (?:safe )?receipt(?: of)?| received| got"
    rf"| seen)?(?: {_THING})?(?: with thanks)?",
    rf"(?:{_WHO} ?(?:{_WILL}|have|'?ve) ?)?(?:pass|forward|escalate|send|hand|share)(?:ed)? {_THING}(?: on"
    rf"| over)?(?: (?:to|with)(?: [\w']+){{1,5}})?",
    r"(?:speak|talk) (?:soon|tomorrow|later|then)",
    rf"(?:{_WHO} )?(?:am|are|'?m|'?re) (?:in|on|at) (?:a |the )?(?:meetings?|court|visit|training"
    r"|another call)\b(?: [\w':]+){0,8}",
    rf"bear with (?:me|us){_SOON}",
    rf"leave {_THING} with (?:me|us){_SOON}",
    r"(?:awaiting|waiting (?:for|on)) (?:an? )?(?:update|answer|reply|information|feedback)\b(?: [\w']+){0,8}",
    r"(?:in progress|under review|in hand|on (?:it|to it)|will do|ok(?:ay)?|thanks?(?: you)?(?: (?:very much"
    r"|so much|again|for(?: [\w']+){1,6}))?|many thanks|cheers|ta|noted|understood|sure|fine|👍|hi|hello|dear|yes)",
)
_HOLDING = re2.compile(rf"(?i)^{_LEAD}(?:{'|'.join(f'(?:{phrase})' for phrase in _PHRASES)})$")

_SENTENCE_END = re2.compile(r"[.!?;\n]+(?:\s+|$)|\n+")
_GREETING = re2.compile(
    r"(?i)^\W*(?:hi|hello|dear|good (?:morning|afternoon|evening)|morning|afternoon|hiya|helo|annwyl|bore da)\b[^.!?]*$"
)
_JOINED = re2.compile(r"(?i)\s*[,&]\s*|\s+(?:and then|and will|and|then)\s+")
_MAX = 1200
_MAX_GREETING = 6


def is_holding(new_text: str, attachments: Sequence[Attachment]) -> bool:
    """True where nothing is new and nothing attached, or where only an answer to come is spoken of."""
    text = new_text.strip()
    if attachments:
        return False
    if not text:
        return True
    if len(text) > _MAX:
        return False
    said = [piece for piece in _sentences(trimmings.trimmed(text.split("\n"))) if piece]
    return all(_HOLDING.match(piece) or all(map(_HOLDING.match, _clauses(piece))) for piece in said)


def _clauses(sentence: str) -> list[str]:
    """A sentence of several promises in its parts; not one of them may be more than a promise."""
    return [clause for clause in _JOINED.split(sentence) if clause]


def _sentences(text: str) -> list[str]:
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and _GREETING.match(lines[0]) and len(lines[0].split()) <= _MAX_GREETING:
        lines = lines[1:]
    pieces = [piece for line in lines for piece in _SENTENCE_END.split(line)]
    return [" ".join(piece.strip(" \t,.!?;:-–—*'\"’").split()).replace("’", "'") for piece in pieces]
