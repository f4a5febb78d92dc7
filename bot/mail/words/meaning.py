"""Words of ordinary speech by which the raising side may mean a change: they choose a question and never act.

"Happy with that" may end a challenge, "they need more time" may lengthen it, "she rang me" may be an answer: each
brings the words of command that would say so. A word too many costs one question. Who said it, and in which state, is
not known here.
"""

from __future__ import annotations

import re2

_MAX = 20_000

ENDS, MORE_TIME, ANSWERED = "ends", "more_time", "answered"

_WORDS = {
    ENDS: re2.compile(
        r"(?i)\b(?:(?:un)?resolve[sd]?|(?:un)?happy with|content with|satisf|accept (?:this|that|it|their)"
        r"|(?:no|nothing|any) (?:further|more|else)(?: action)?(?: is| was)? (?:needed|required|necessary|to be done"
        r"|from us)"
        r"|no further action|nfa|close (?:this|it|the case)|we can close|can (?:now )?be closed|(?:is|now|be) closed"
        r"|agreed (?:way|a plan|an? \w+ (?:plan|way))|(?:all|now|been|is) (?:sorted|dealt with|concluded)|issue sorted"
        r"|problem solved|matter concluded|job done"
        r"|(?:remain|still|very|am|are) (?:concerned|worried|unhappy|not happy)|not happy|disagree|not (?:good )?enough"
        r"|isn'?t (?:good )?enough|(?:does not|doesn'?t|do not|don'?t) (?:address|answer|go far)"
        r"|(?:take|taking) (?:this|it) (?:further|higher|up)|escalat|next (?:stage|step)"
        r"|(?:stage|step|level) (?:2|3|4|two|three|four)"
        r"|disregard|ignore my|sent in error|withdraw|cancel (?:this|it|the|my)|no longer (?:needed|required|relevant)"
        r"|take it back|reopen)"
    ),
    MORE_TIME: re2.compile(
        r"(?i)\b(?:exten(?:d|sion)|(?:more|extra|additional|longer) time|give (?:them|her|him|you) (?:until|till|more)"
        r"|(?:until|till) (?:they|she|he) (?:can|have|has)|pause (?:this|it|the))"
    ),
    ANSWERED: re2.compile(
        r"(?i)\b(?:(?:has|have|'s|'ve) (?:now )?(?:answered|replied|responded|rung|phoned|called|e-?mailed)"
        r"|(?:answered|phoned|rang|called|e-?mailed) me"
        r"|(?:had|got|received|have) (?:a|an|their|her|his|the) (?:reply|response|answer))"
    ),
}  # fmt: skip


def meanings(text: str) -> frozenset[str]:
    """What these words may mean, of `ends`, `more_time` and `answered`."""
    said = text[:_MAX].replace("’", "'")
    return frozenset(name for name, words in _WORDS.items() if words.search(said))
