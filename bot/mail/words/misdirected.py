"""Words by which somebody says that a mail was not meant for them.

Two questions, because they have two askers. Of an outsider: do they say that it should never have reached them? Any
such phrase will do, since a note too many costs little. Of somebody who is asked for an answer: do they say nothing
but that it is not theirs? Then it answers nothing, whatever else stands beside it must be a promise or a hint where it
belongs. It knows no case and no directory.
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

from bot.mail.words.promises import clauses, is_holding, sentences
from bot.model import Attachment

_WITHIN = 600
_NOT = r"(?:not|isn'?t|wasn'?t|aren'?t|never)"
_DONT = r"(?:do not|don'?t|did not|didn'?t)"
_MISTAKE = r"(?:by mistake|in error|by accident|accidentally|mistakenly|erroneously)"

#: Nobody says these of a mail that is theirs.
_WRONG = re2.compile(
    rf"(?i)\b(?:{_NOT} (?:meant |intended |addressed )?(?:for|to) me\b"
    r"|(?:wrong|incorrect|mistaken) (?:person|address|e-?mail|recipient|inbox|mailbox|contact)"
    rf"|(?:sent|e-?mailed|came|come|copied|forwarded|addressed) (?:this |it |here |in )?(?:to (?:me|us) )?{_MISTAKE}"
    rf"|(?:received|got|getting|receiving)(?: [\w-]+){{0,4}} {_MISTAKE}"
    r"|misdirected|mis-?sent|misaddressed"
    r"|(?:meant|intended) for (?:someone|somebody|another|a different)"
    rf"|(?:{_DONT} (?:know|understand)|not sure|unsure|no idea) why (?:i|we|this)\b[^.\n]{{0,30}}"
    r"\b(?:got|get|getting|received?|receiving|sent|here|copied|come|came|included))"
)
#: Said by outsiders; a colleague may say them of a decision that they do own.
_FROM_OUTSIDE = re2.compile(
    r"(?i)\b(?:(?:to the )?wrong (?-i:[A-Z])\w+"
    r"|should(?:n'?t| not) (?:have )?(?:been |be )?(?:received?|receiving|got|get|getting|sent|come|gone|reached)"
    r"|why (?:have|am|was|did|are) (?:i|you|we)\b[^.\n]{0,20}\b(?:got|get|getting|received?|receiving|sent|sending)"
    r"|(?:remove|take) me (?:from|off)\b|unsubscribe me|not mine"
    rf"|(?:i am|i'?m|we are|we're) {_NOT} (?:the |a |an )?(?:right (?:person|one)|correct|intended|social worker"
    r"|professional|(?-i:[A-Z])\w+)"
    r"|nothing to do with (?:me|us)\b"
    rf"|{_NOT} (?:my|our) (?:case|team|patient|pupil|client|service user|area|department)"
    rf"|(?:(?:{_DONT}|no longer) work|left|retired from) (?:at |for |in |with )?(?:the |that |this |your )?"
    r"(?:there|here|team|service|organi[sz]ation|council|trust|school|role|post|job)"
    rf"|{_DONT} (?:know|recogni[sz]e) (?:this |the |that )?(?:child|family|person|case|name)"
    r"|who (?:are you|is this)\b|know nothing (?:about|of)|no idea what (?:this|it)|not sure (?:that |if )?this is for"
    rf"|{_DONT} (?:deal with|work (?:for|at|in|with))|not involved (?:in|with)"
    r"|(?:meant|want|wanted|after|looking for) (?:a different|another|somebody else|someone else)"
    r"|(?:am|'m) no longer (?:with|at|in|the|a)\b|moved to (?:a new|another|a different)|changed (?:jobs?|roles?"
    r"|teams?)"
    r"|should(?:n'?t| not) (?:see|be seeing|have seen)|wrong (?:distribution|mailing) list)"
)
_NOUN = r"(?:case|team|area|service|remit|patch|worker|family|child|responsibility|challenge)"
_OURS = rf"(?:me|mine|us|ours|(?:my|our) {_NOUN})"
_COURTESY = r"(?:sorry|apologies|hi|hello|thanks|thank you|(?:i'?m )?afraid|unfortunately|fyi|just to say)"
#: One clause that only says: not I, not here.
_DISCLAIMED = re2.compile(
    rf"(?i)^(?:{_COURTESY}\W+){{0,3}}(?:(?:but|and|so) )?(?:(?:i think|i believe) )?(?:that )?(?:"
    r"(?:(?:this|that|it|the case|this case|this (?:one|family|child)|she|he|they)(?:'s|'re| is| was| are)?"
    rf"(?:n'?t| not| no longer|isn'?t| isn'?t| wasn'?t| aren'?t) "
    rf"(?:really |actually |for |with |one for |one of |a case for |open to |allocated to |held by ){{0,2}}{_OURS})"
    rf"|{_NOT} (?:(?:for|one for|with|one of) )?{_OURS}"
    rf"|(?:i am|i'?m|we are|we're) (?:{_NOT}|no longer) (?:the |an? )?(?:(?:right|correct|best|allocated|named|team"
    rf"|duty|line|service) )*"
    r"(?:person|manager|team|worker|contact|address)"
    r"|(?:i|we) (?:no longer (?:manage|work|hold|cover)"
    rf"|{_DONT} (?:manage|work in|work for|hold|cover|have (?:this|that|the|her|him|them|it)\b))"
    r"|(?:i|we)(?:'ve| have)? (?:left|moved (?:from|to)) (?:the|this|that|another|a (?:new|different)) (?:team"
    r"|service|post"
    r"|role)"
    r"|(?:this|it|the case)(?: one)? (?:belongs to|should (?:go|be sent|have gone|have been sent) to|needs to go to"
    r"|is (?:one )?for) [\w' -]{2,40}\b(?:team|service|mash|desk|authority|council|trust)"
    rf"|[\w' -]{{2,60}} (?:as|because|since) (?:it|this|she|he)(?:'s not| is not| isn'?t) {_OURS}"
    r"|(?:you(?:'ve| have)? (?:got )?|this (?:is|has gone to) |sent to )?(?:the )?wrong (?:person|team|manager|address"
    r"|inbox))"
    rf"(?: (?:for|of|on|in|at|with|any more|anymore|any longer|this|that|the|now|case|team|family|worker|one"
    rf"|i'?m afraid|afraid|sorry|these|them|since|either|here|really|at all)){{0,5}}$"
)
#: One clause that says where it belongs.
_POINTED = re2.compile(
    r"(?i)^(?:(?:i think|i believe|so|but|and|please|best to|it'?s best to) )*(?:please |can you |could you |you "
    r"(?:need|want|should|could) "
    r"(?:to )?)?(?:(?:try|contact|ask|e-?mail|ring|call|speak to|send|forward|redirect|direct|refer|go)\b"
    r"(?: [\w'@.&-]+){1,8}"
    r"|(?:this|it|that|the case|she|he|they)(?: one)?(?:'s|'re| is| are| should| would| sits| needs to| belongs| will)"
    r"(?: now| be| go| be sent| be with| sit)*(?: one)? (?:for|with|to|under)(?: [\w'&-]+){1,5}"
    rf"|it'?s (?-i:[A-Z])[\w'-]+(?: [\w'-]+){{0,2}}|(?-i:[A-Z])[\w'-]+(?: (?-i:[A-Z])[\w'-]+){{0,2}} is|{_COURTESY})$"
)


def says_wrong_person(text: str, *, is_outside: bool = False) -> bool:
    """Whether the new words say that the mail was meant for somebody else. `is_outside`: their writer belongs to no
    agency of the directory, and vaguer words will do."""
    said = text[:_WITHIN].replace("’", "'")
    return bool(_WRONG.search(said)) or (is_outside and bool(_FROM_OUTSIDE.search(said)))


def disclaims(text: str, attachments: Sequence[Attachment], writer: str = "") -> bool:
    """Whether somebody who was asked for an answer says only that it is not theirs, and perhaps whose it is."""
    if attachments or len(text) > _WITHIN:
        return False
    said = [clause for sentence in sentences(text, writer) for clause in clauses(sentence)]
    if not any(_DISCLAIMED.match(clause) for clause in said):
        return False
    return all(_DISCLAIMED.match(c) or _POINTED.match(c) or is_holding(c, ()) for c in said)
