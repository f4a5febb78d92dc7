"""Replies that promise an answer and give none: they stop no clock.

A reply is holding when nothing is new and nothing attached, or when every sentence of it is on the list below. The list
errs on the safe side twice: a sentence that is not on it counts as an answer, which the raiser is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

from bot.mail.bytes.contents import is_decoration
from bot.mail.cut import trimmings
from bot.model import Attachment

_WHO = r"(?:i|we|i'?ll|we'?ll|they|she|he|someone|a manager|my manager|our manager|the manager|the team)"
_WILL = (
    r"(?:will|shall|'?ll|am going to|are going to|can|hope to|aim to|intend to|plan to|'?m going to|am trying to"
    r"|(?:will |'?ll )?(?:just |first )?(?:need|have) to)"
)
#: Colleagues whom somebody asks before they answer, and what they look into. Not the family: that would be an act.
_COLLEAGUE = (
    r"(?:(?:the|my|our|their|his|her|your|a) )?(?:(?:allocated|duty|named|team|service|practice|line|senior|social) )*"
    r"(?:workers?|sw|managers?|team|colleagues?|practitioners?|supervisor|nurse|legal(?: team)?|heads?(?: of service)?)"
)
_PAPERS = (
    r"(?:(?:the|our|my|their|his|her) )?(?:case )?(?:files?|records?|notes|case ?notes|system|history|paperwork"
    r"|chronology|minutes|details)"
)
_MONTHS = r"(?:jan|febr)uary|march|april|may|june|july|august|(?:septem|octo|novem|decem)ber"
_WHEN = (
    r"(?:\d[\w:./]*|the|this|that|next|about|around|approx\w*|end|close|first|thing|latest|of|play|cop|cob|eod|asap"
    r"|or|to"
    r"|business|day|days|am|pm|noon|midday|lunch\w*|(?:mon|tues|wednes|thurs|fri|satur|sun)(?:day)?|weekend|week|month"
    rf"|morning|afternoon|evening|tonight|tomorrow|today|hours?|minutes?|mins|working|{_MONTHS}|timescales?"
    rf"|deadline|time"
    r"|an?|few|couple|one|two|three|half|past|supervision|meeting|visit|court|call|desk|office|back|my|our|your|all)"
)
_SOON = (
    r"(?:\W*(?:now|soon|shortly|asap|as soon as (?:i can|we can|possible)|today|tomorrow|tonight|later(?: today"
    r"| on)?|(?:mon|tues|wednes|thurs|fri)(?:day)?|(?:satur|sun)day|am|pm|morning|afternoon|evening|lunch(?:time)?"
    r"|(?:for|in) now|first|after(?:wards)?|again|direct(?:ly)?|also|further|fully"
    r"|this (?:morning|afternoon|evening|week)|next week|first thing|in due course|in a bit|urgently|properly|please"
    r"|when (?:(?:i|we)(?:'m|'re| am| are) )?(?:(?:back(?: at)?|free|able|in)\b(?: (?:in|at)? ?(?:the|my) (?:office"
    r"|desk|work))?)"
    rf"|(?:by|on|at|before|after|within|in|until|till|for|from)(?: {_WHEN})+|with (?:you|an?) ?(?:full |formal "
    rf"|further )?"
    r"(?:answer|response|update|reply)?|about (?:this|it)|on this|to (?:discuss|you)"
    r"|(?:once|while|whilst|as soon as)(?: [\w\',]+){1,12}|then|and)\W*)*"
)  # fmt: skip
_LEAD = (
    r"(?:(?:thanks|thank you|many thanks|ok|okay|noted|hi|hello|sure|yes|great|sorry|apologies|please|just|so|hiya"
    r"|and|but|of course|in the meantime|for now|happy to (?:talk|discuss|speak)|(?:just )?to let you know(?: that)?"
    r"|on behalf of(?: [\w']+){1,3})"
    r"\W+(?:for (?:this|that|raising (?:this|it)(?: with (?:me|us))?|the delay|(?:my|the) (?:late|slow) (?:reply"
    r"|response)|your (?:e-?mail|message|challenge)"
    r"|letting (?:me|us) know)\W*)?)*"
)
_THING = (
    r"(?:this|that|it|things|your (?:e-?mail|message|challenge|concerns?)|the (?:matter|case|concerns?"
    r"|challenge|e-?mail))"
)

_PHRASES = (
    rf"(?:(?:{_WHO} ?)?{_WILL} )?(?:also )?(?:call|ring|phone|telephone|contact|e-?mail|speak (?:to|with)"
    rf"|catch up with|talk to|write to) (?:you|u|her|him|them|the team){_SOON}",
    rf"(?:(?:{_WHO} ?)?{_WILL} )?(?:call|ring|phone|speak|talk|revert|explain){_SOON}",
    rf"(?:{_WHO} ?)?(?:{_WILL} )?give (?:you|u) (?:a|an) (?:call|ring|bell|update|answer|response|reply){_SOON}",
    rf"(?:can|could|may|shall) (?:i|we) (?:please )?(?:call|ring|phone|speak|talk|catch up|discuss)"
    rf"(?: (?:to |with )?(?:you|u|this))*{_SOON}",
    rf"(?:give|allow) (?:me|us)(?: (?:a (?:bit|little)|some))?(?: (?:more )?time)?{_SOON}",
    rf"(?:{_WHO} ?)?(?:{_WILL} )?give {_THING} (?:my|our) (?:\w+ )?attention{_SOON}",
    rf"(?:(?:{_WHO} ?)?{_WILL} )?(?:come|get|be) (?:back|in touch|in contact)(?: (?:to|with) (?:you|u))?{_SOON}",
    rf"(?:(?:{_WHO} ?)?{_WILL} )?(?:respond|reply|answer|report back|revert|update you|let you know|keep you (?:posted"
    rf"|updated|informed))(?: (?:to (?:you|this)|fully|properly|in full|in detail|formally))*{_SOON}",
    rf"(?:(?:{_WHO} ?)?(?:{_WILL}|am|are|is|'?m|'?re|'?s)? ?)?(?:currently |now |still |just )?(?:be )?(?:look(?:ing)?"
    rf"|check(?:ing)?|chas(?:e|ing)|deal(?:ing)?|pick(?:ing)?|follow(?:ing)?|tak(?:e|ing)|(?:review|consider|read"
    rf"|investigat|explor)(?:e|ing)?)(?: (?:a look|up|into|in to|at|with|on|this up))*(?: {_THING}| on)?(?: up)?"
    rf"{_SOON}",
    rf"(?:(?:{_WHO} ?)?(?:{_WILL}|am|are|is|'?m|'?re|'?s)? )?(?:currently |now |still |just )?(?:(?:discuss|liais"
    rf"|speak|talk|check|catch)(?:e|ing)?(?: {_THING})?(?: up)? (?:with|to)|(?:trying to )?(?:get|reach)(?:ting)? hold"
    rf" of) {_COLLEAGUE}{_SOON}",
    rf"(?:(?:{_WHO} ?)?(?:{_WILL}|am|are|'?m|'?re)? )?(?:currently |now |just )?(?:look|check|review|read|go|find)"
    rf"(?:ing)?(?: (?:at|into|through|up|out))* {_PAPERS}{_SOON}",
    rf"{_THING} (?:is|are) (?:currently |now |still )?being (?:looked (?:at|into)|reviewed|considered"
    rf"|dealt with|followed up|picked up|investigated|checked|chased)(?: by {_COLLEAGUE})?{_SOON}",
    r"(?:your (?:e-?mail|message|challenge)(?: is| has been| was)? |this (?:is|has been) |(?:e-?mail"
    r"|message) )?(?:received|acknowledged|noted|read)(?: with thanks| and noted| thank you| thanks|\W+)*",
    rf"(?:{_WHO} )?(?:acknowledge|confirm|can confirm|have|'?ve)(?: (?:safe )?receipt(?: of)?| received| got"
    rf"| seen)?(?: {_THING})?(?: with thanks)?(?: and noted)?",
    rf"(?:{_WHO} ?)?(?:have |has |'?ve )?(?:just |now |only )*(?:got|seen|received|read) {_THING}(?: with thanks)?"
    rf"{_SOON}",
    rf"(?:{_WHO} ?(?:{_WILL}|have|has|'?ve) ?)?(?:pass|forward|escalate|send|hand|share)(?:ed)? {_THING}(?: on"
    rf"| over)?(?: (?:to|with)(?: [\w']+){{1,5}})?",
    rf"(?:{_WHO} ?(?:{_WILL}|have|has|'?ve) ?)?ask(?:ed)?(?: [\w']+){{1,4}} to (?:look|check|respond|reply|call|ring"
    rf"|phone|contact|get back|come back|pick|update|let you know|speak|review|deal)(?: (?:at|into|with|up|to|you))*"
    rf"(?: {_THING})?{_SOON}",
    rf"(?:let'?s |let us )?(?:speak|talk|catch up|discuss(?: (?:this|it))?){_SOON}",
    rf"(?:an?|the|my|our)? ?(?:full|fuller|formal|written|detailed|further)? ?(?:response|reply|answer|update) "
    rf"(?:will|to|shall)"
    rf" (?:follow|be (?:sent|provided|given|with you|made|emailed))(?: to you)?{_SOON}",
    rf"(?:{_WHO} ?)?{_WILL} (?:provide|send|give|let you have|prepare)(?: (?:you|to you))?(?: (?:with )?an?| my| our)?"
    rf"(?: (?:full|formal|written|detailed|further|proper))* (?:response|reply|answer|update)(?: to (?:you"
    rf"|this))?{_SOON}",
    rf"(?:(?:this|that|it|your (?:e-?mail|message|challenge|concerns?)) )?(?:has been received and )?"
    rf"(?:will )?be (?:responded to|replied to|answered|looked (?:at|into)"
    rf"|dealt with|reviewed|considered){_SOON}",
    rf"(?:please )?(?:can|could|would|will) (?:you|we) (?:please )?(?:give (?:me|us) a (?:call|ring|bell)|call me"
    rf"|ring me|phone me"
    rf"|have a (?:chat|conversation|call|word)|speak|talk|catch up|discuss)(?: (?:about )?(?:this|it))?"
    rf"(?: to discuss)?{_SOON}",
    rf"(?:please )?(?:call|ring|phone|give) me(?: a (?:call|ring|bell))?{_SOON}",
    r"(?:when|what time) (?:are you|would you be|is|suits?) ?(?:free|available|good|best|you)?(?: for you)?"
    r"(?: to talk)?",
    rf"(?:{_WHO} ?)?(?:have |'?ve |has )?(?:just )?(?:tried|missed|been trying)(?: to)? ?(?:call|calling|ring"
    rf"|ringing|phone"
    rf"|phoning|contact|contacting|reach|reaching|your call|you)(?: you)?(?: but)?(?: no (?:answer|reply))?{_SOON}",
    rf"(?:{_WHO} ?)?(?:will |'?ll )?try (?:you|calling(?: you)?|to call(?: you)?|again){_SOON}",
    r"(?:but )?(?:there was )?no (?:answer|reply)",
    r"(?:i(?:'ve| have)? )?left (?:you )?a (?:voicemail|message)(?: for you)?",
    rf"(?:{_WHO} ?)?(?:will |'?ll )?(?:need|require) (?:some |a (?:bit|little) )?(?:more )?time(?: to (?:look into"
    rf"|consider"
    rf"|review|check|respond to) {_THING})?{_SOON}",
    rf"(?:{_WHO} ?)?(?:(?:am|are|'?m|'?re|will be|'?ll be) )?(?:not |out |away |back |off |currently |only )*"
    rf"(?:on (?:duty|leave"
    rf"|annual leave|call)|in (?:the office|work)|at (?:work|my desk)|in back to back meetings|working){_SOON}",
    rf"(?:{_WHO} ?)?(?:(?:am|are|'?m|'?re|will be|'?ll be) )?(?:back|out of (?:the )?office|away){_SOON}",
    rf"(?:{_WHO} ?(?:have |'?ve |has )?)?asked for (?:an? )?(?:update|report|response)(?: from (?:{_COLLEAGUE}"
    rf"|[\w']+))?{_SOON}",
    rf"(?:{_WHO} ?)?(?:{_WILL} )?discuss {_THING}{_SOON}",
    r"(?:just |this (?:is|e-?mail is) )?(?:to )?acknowledg(?:e|ing)(?: safe)?(?: receipt)?(?: of)?(?: (?:this|it|your"
    r" (?:e-?mail|message|challenge|concerns?)))?",
    r"(?:received|noted) and (?:understood|noted|acknowledged|passed(?: on)? to(?: [\w']+){1,4})",
    r"(?:response|reply|update|answer) to follow",
    r"(?:hi|hello|hiya|dear|good (?:morning|afternoon|evening))(?: (?-i:[A-Z])[\w'-]+){0,2}",
    r"got (?:this|it|your (?:e-?mail|message))|bear with|thank you for your patience",
    rf"(?:(?:{_WHO} ?)?(?:am|are|is|'?m|'?re|'?s) )?(?:stuck )?(?:in|on|at|out on|out at) (?:an? |the )?(?:meetings?"
    rf"|court|home visit|visits?|training|another call)(?: all (?:day|morning|afternoon|week))?{_SOON}",
    rf"(?:please )?bear with (?:me|us){_SOON}",
    rf"leave {_THING} with (?:me|us){_SOON}",
    r"(?:awaiting|waiting (?:for|on)) (?:an? )?(?:update|answer|reply|information|feedback)\b(?: [\w']+){0,8}",
    rf"(?:will )?(?:(?:thanks|thank you) (?:(?-i:[A-Z])[\w'-]+ ?){{1,2}}|happy to (?:talk|discuss|speak){_SOON}"
    r"|(?:sorry|apologies) for (?:the|my) (?:delay|(?:late|slow|delayed) (?:reply|response)))",
    rf"(?:{_WHO} ?)?(?:am |are |'?m |'?re )?on (?:to )?(?:it|this){_SOON}",
    r"(?:mi )?(?:fydda'?i?|byddaf|byddwn)(?: i| ni)? yn (?:cysylltu|ateb|ymateb|edrych|galw|ffonio)\b(?: [\w']+){0,6}",
    r"(?:in progress|under review|in hand|on (?:it|to it)|will do|ok(?:ay)?|thanks?(?: you)?(?: (?:very much"
    r"|so much|again|for(?: [\w']+){1,6}))?|many thanks|cheers|ta|noted|understood|sure|fine|👍|hi|hello|dear|yes"
    r"|diolch(?: yn fawr)?)",
)
_OPENING = re2.compile(rf"(?i)^{_LEAD}")
#: One pattern each: all of them together are more than RE2 keeps in mind at once.
_HOLDING = tuple(re2.compile(rf"(?i)^(?:{phrase})$") for phrase in _PHRASES)

_SENTENCE_END = re2.compile(r"[.!?;\n]+(?:\s+|$)|\n+")
_GREETING = re2.compile(
    r"(?i)^\W*(?:hi|hello|dear|good (?:morning|afternoon|evening)|morning|afternoon|hiya|helo|annwyl|bore da)\b[^.!?]*$"
)
_JOINED = re2.compile(
    r"(?i)\s*[,&]\s*|\s+[-–—]+\s+|\s+(?:and then|and will|and|then|but|so)\s+|\s+who(?:'ll| will| is going to| can)\s+"
)
_WORDS = re2.compile(r"[\p{L}\p{M}]+")
_MAX = 1200
_MAX_GREETING = 6


def is_holding(new_text: str, attachments: Sequence[Attachment], writer: str = "") -> bool:
    """True where nothing is new and nothing attached, or where only an answer to come is spoken of.

    `writer`: the sender's name, which may stand alone in the last line.
    """
    text = new_text.strip()
    if any(not is_decoration(file.name) for file in attachments):
        return False
    if not text:
        return True
    if len(text) > _MAX:
        return False
    return all(_promises(piece) or all(map(_promises, clauses(piece))) for piece in sentences(text, writer))


def sentences(text: str, writer: str = "") -> list[str]:
    """What is said, sentence by sentence, less greeting, trimmings and the writer's own name at the end."""
    lines = [line for line in trimmings.trimmed(text.split("\n")).split("\n") if line.strip()]
    return [piece for piece in _sentences(_unsigned(lines, writer)) if piece]


def _promises(words: str) -> bool:
    """Whether these words are on the list, with or without what people say before them."""
    begun = _OPENING.match(words)
    rest = words[begun.end() :] if begun else words
    return any(pattern.match(words) or pattern.match(rest) for pattern in _HOLDING)


def _unsigned(lines: list[str], writer: str) -> list[str]:
    """Less a last line that holds nothing but the writer's name."""
    names = {word.casefold() for word in _WORDS.findall(writer)}
    last = [word.casefold() for word in _WORDS.findall(lines[-1])] if len(lines) > 1 else []
    return lines[:-1] if last and names.issuperset(last) else lines


def clauses(sentence: str) -> list[str]:
    """A sentence of several promises in its parts; not one of them may be more than a promise."""
    return [clause for clause in _JOINED.split(sentence) if clause]


def _sentences(lines: list[str]) -> list[str]:
    if lines and _GREETING.match(lines[0]) and len(lines[0].split()) <= _MAX_GREETING:
        lines = lines[1:]
    pieces = [piece for line in lines for piece in _SENTENCE_END.split(line)]
    return [" ".join(piece.strip(" \t,.!?;:-–—*'\"’").split()).replace("’", "'") for piece in pieces]
