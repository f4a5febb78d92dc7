"""Words that suggest a child's status: what is a sign, what is a denial, and what says nothing."""

from __future__ import annotations

import pytest

from bot.mail.words.child_status import signs

CP = ("child_protection",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The child is subject to a Child Protection Plan.", CP),
        ("CHILD PROTECTION", CP),
        ("This is child protection, not a matter for early help.", CP),
        ("We asked for a section 47 enquiry.", CP),
        ("The S47 was closed after a day.", CP),
        ("s.47 threshold", CP),
        ("Current level of need: Child Protection (S47)", CP),
        ("Current level of need: Child in Care, Legal status: s31", ("looked_after",)),
        ("He is looked after by the council.", ("looked_after",)),
        ("The baby is on a CP plan.", ("child_protection_plan",)),
        ("They say this is not child protection. We do not agree.", CP),
        ("Your manager told us that this is not a child protection matter.", CP),
        ("You have not held the child protection conference.", CP),
        ("The child protection conference has not taken place.", CP),
        ("The child is not looked after, but she is subject to a child protection plan.", CP),
        ("The brother is not on a child protection plan. The baby is on a child protection plan.", CP),
        ("There was no visit. This is a child protection matter.", CP),
        ("She is subject to a CP plan and the core group has not met.", ("child_protection_plan",)),
        ("He is on a child protection plan, which nobody follows.", CP),
        ("The boy and his sister are on a child protection plan.", CP),
        ("He is on a child protection plan and should have been seen.", CP),
        ("He is in foster care and no visit was made.", ("looked_after",)),
        ("Accommodated under section 20 since May.", ("looked_after",)),
        ("He is not accommodated under section 20.", ()),
        ("An older sister had a child protection plan until 2024. This boy has never had one.", ()),
        ("Her cousin is looked after.", ()),
        ("She was in foster care until 2022.", ()),
        ("In our view he should be made subject to a child protection plan.", ()),
        ("We ask that he is placed on a CP plan.", ()),
        ("He does not have a child protection plan.", ()),
        ("No child protection concern.", ()),
        ("This is not child protection.", ()),
        ("This is NOT CHILD PROTECTION", ()),
        ("This isn’t a child protection case.", ()),
        ("It does not meet the threshold for child protection.", ()),
        ("Child protection is not in question here.", ()),
        ("Child protection: no", ()),
        ("No longer subject to a child protection plan.", ()),
        ("This is not a child protection matter. Section 47 was ruled out.", ()),
        ("Current level of need: Child in Need (S17)", ()),
        ("We ask for early help for a child in need of support.", ()),
        ("Please indicate perceived level of need: Child Protection (S47)", ()),
        ("☐ Child Protection (S47)\n☒ Child in Need (S17)\n[ ] Child in Care", ()),
        ("☒ Child Protection (S47)\n☐ Child in Care", CP),
        ("The place was classified last week.", ()),
        ("", ()),
    ],
)
def test_signs(text: str, found: tuple[str, ...]) -> None:
    """A sign is what is said of the child, by whoever raises it; a denial, an empty box and a wish are none."""
    assert signs(text) == found


def test_a_long_text_takes_no_long_time() -> None:
    """Only so much of a mail is looked at."""
    assert signs("not " * 50_000 + "child protection") == ()
