"""Authentication-Results of a stranger's making: read in one pass, and never more than the border has said."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.mail.bytes.headers import MAX_FIELD, Headers
from bot.mail.bytes.results import read
from bot.mail.trust import Trust, prove
from bot.model import Address, Proof
from tests.some import some

FAIL = "dmarc=fail header.from=csc.example"
words = st.lists(
    st.sampled_from(
        (
            *("mx.council.example", ";", " ", '"', "\\", "(", ")", "=", "dmarc=pass", "header.from=csc.example", "1"),
            *("smtp.mailfrom=", "x@evil.example", "<>", "none", "spf=fail", "reason=", "/", ".", "é", "\t", "compauth"),
        )
    ),
    max_size=30,
).map("".join)


@given(value=words | st.text(max_size=200))
@settings(max_examples=some(500), deadline=None)
def test_any_text_is_a_field_or_none(value: str) -> None:
    """Nothing raises; a domain that is handed on is one, and results come from somebody."""
    server, results = read(value)
    assert bool(server) or not results
    for one in results:
        assert one.header_from == "" or not set(one.header_from) & set(' "@;()<>')


@given(value=words)
@settings(max_examples=some(500), deadline=None)
def test_no_words_beside_the_borders_own_make_a_failure_a_pass(value: str) -> None:
    """Whatever a stranger brings into the field of a mail that failed, it is not proven."""
    trust, sender = Trust("rfc8601", ("mx.council.example",)), Address("fay@csc.example")
    for text in (
        f"{value}; {FAIL}",
        f"{FAIL}; {value}",
        f"{FAIL} reason={value}",
        f"spf=pass smtp.mailfrom={value}; {FAIL}",
    ):
        field = ("authentication-results", f"mx.council.example; {text}")
        assert prove(Headers((field,)), sender, trust)[0] is not Proof.PROVEN


def test_the_largest_field_costs_little() -> None:
    """What a header may be long at most, of what costs most: a few hundredths of a second."""
    for one in ("(", "a=b;", "a=b c=d ", '"', "\\", ";", "a.b=c ", "= "):
        began = time.process_time()
        read(f"mx.council.example; dmarc=pass {one * MAX_FIELD}"[:MAX_FIELD])
        assert time.process_time() - began < 0.5
