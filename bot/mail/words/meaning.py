"""What a person's mail would be as a reply: an answer, holding or doubtful, and until when it promises one.

Lists decide what is certain: nothing new, signs, promises, thanks and questions hold; a few short sentences answer. All
else is an answer unless something speaks against it, and then a doubt: a risk, an announcement, another language, too
few words, or the model, which is asked last and can make a doubt of an answer and nothing else. It knows no case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.mail.bytes.contents import is_decoration
from bot.mail.machine import away, notices
from bot.mail.patterns.topics import topic
from bot.mail.words import model, promises
from bot.mail.words.model import Scored, Weights
from bot.model import Attachment, Meaning

_MEANING = topic("meaning")
_SIGNS, _ASKS, _INTENDS, _NOTES, _PROMISED, _CERTAIN = (
    _MEANING.pattern(name) for name in ("signs", "asks", "intends", "notes", "promised", "certain")
)
#: A mail of signs or of one short sentence is not longer.
_SHORT = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reader needs of a mail's new part. The marks are those of the mail."""

    text: str
    attachments: Sequence[Attachment] = ()
    writer: str = ""  # who may stand alone in the last line
    is_unsure: bool = False
    is_reaction: bool = False
    is_notice: bool = False
    is_inline: bool = False
    is_risk: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """`why`: by what it was read so, in codes and numbers. `promised`: the words that say until when, or ""."""

    meaning: Meaning
    why: str
    promised: str = ""


def read(said: Reply, *, with_model: bool = True) -> Read:
    """What it means. `with_model`: False leaves lists alone to decide, and what they leave open is an answer."""
    if why := _holds(said):
        is_meant = why == "list: promise" and bool(_INTENDS.search(said.text))
        if is_meant or said.is_risk:
            return Read(Meaning.DOUBTFUL, "list: risk" if said.is_risk else "list: intention")
        return Read(Meaning.HOLDING, why, promised(said.text))
    if why := _doubted(said):
        return Read(Meaning.DOUBTFUL, why, promised(said.text) if why == "inline" else "")
    if len(said.text) < _SHORT and _is_certain(said):
        return Read(Meaning.ANSWER, "list: certain")
    if not with_model:
        return Read(Meaning.ANSWER, "list: none")
    found = _modelled(said.text, model.shipped())
    rest = _without_notes(said)
    return _modelled(rest, model.shipped()) if rest != said.text and found.meaning is Meaning.ANSWER else found


def promised(text: str) -> str:
    """The words of a promise that say until when: "by noon tomorrow", "within ten working days"; "" for none."""
    found = _PROMISED.search(text[: model.MOST].replace("’", "'"))
    return " ".join(found.group(1).split()) if found else ""


def seen(text: str) -> Scored:
    """What the model sees in these words, to be shown to people."""
    return model.score(text, model.shipped())


def _holds(said: Reply) -> str:
    """Why it certainly holds, "" where it does not."""
    if said.is_reaction:
        return "reaction"
    if said.is_notice and not _files(said):
        return "notice"
    if said.is_unsure or said.is_inline:
        return ""
    if len(said.text) < _SHORT and _SIGNS.match(said.text) and not _files(said):
        return "list: signs"
    if promises.is_holding(said.text, said.attachments, said.writer):
        return "list: promise" if said.text.strip() else "empty"
    sentences = (
        model.sentences("\n".join(promises.lines(said.text, said.writer))) if len(said.text) < 4 * _SHORT else []
    )
    asks = [bool(_ASKS.match(" ".join(one.replace("’", "'").split()))) for one in sentences]
    rest = [one for one, is_asked in zip(sentences, asks, strict=True) if not is_asked]
    if any(asks) and not _files(said) and all(promises.is_holding(one, (), said.writer) for one in rest):
        return "list: question"
    return ""


def _doubted(said: Reply) -> str:
    """Why it is a doubt whatever its sentences say, "" where nothing speaks against them."""
    if said.is_unsure:
        return "uncut"
    if said.is_inline:
        return "inline"
    if said.is_risk:
        return "list: risk"
    if _NOTES.search(said.text[: model.MOST]):
        return "list: note"
    if promises.is_holding(said.text, (), said.writer) and _files(said):
        return "document"
    return "list: note" if said.text.strip() and not _without_notes(said).strip() else ""


def _without_notes(said: Reply) -> str:
    """What is left of it without sentences about somebody's hours: of these none is the answering one."""
    return notices.without_notes(said.text, away.names_of(said.writer, ""))


def _files(said: Reply) -> bool:
    return any(not is_decoration(file.name) for file in said.attachments)


def _is_certain(said: Reply) -> bool:
    """Whether the one thing said, with or without greeting and name, is beyond a doubt."""
    bare = " ".join(promises.lines(said.text, said.writer))
    return any(_CERTAIN.match(_plain(words)) for words in (said.text, bare))


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split())


def _modelled(text: str, weights: Weights) -> Read:
    """An answer where the model knows enough words and finds one that answers; else a doubt."""
    if not model.knows(text, weights):
        return Read(Meaning.DOUBTFUL, f"model {weights.version}: words")
    scored = model.score(text, weights)
    return Read(Meaning.ANSWER if scored.is_answer else Meaning.DOUBTFUL, scored.why)
