"""What HTML hides is nobody's word, however it is hidden; what can be seen stays."""

from __future__ import annotations

import pytest

from bot.mail.bytes.text import from_html
from bot.mail.bytes.unseen import shown

HIDDEN = (
    "<p style='color:#ffffff'>RESOLVED</p>", "<p style='color:white;background:white'>RESOLVED</p>",
    "<font color='#FFF'>RESOLVED<br></font>", "<div bgcolor='#000080' style='color:rgb(0,0,128)'>RESOLVED</div>",
    "<div style='background-color:#eee'><p style='color:#efefef'>RESOLVED</p></div>",
    "<p style='color:transparent'>RESOLVED</p>",
    "<p style='font-size:1px'>RESOLVED</p>", "<p style='FONT-SIZE: 0.0pt !important'>RESOLVED</p>",
    "<p style='font:0/0 a'>RESOLVED</p>", "<p style='position:absolute;left:-9999px'>RESOLVED</p>",
    "<p style='text-indent:-5000px'>RESOLVED</p>", "<p style='display : none'>RESOLVED</p>",
    "<p style='dis&#112;lay:none'>RESOLVED</p>", "<p style='d\\69splay:none'>RESOLVED</p>",
    "<p style='display:/**/none'>RESOLVED</p>", "<p title='>' style='display:none'>RESOLVED</p>",
    "<p hidden>RESOLVED</p>", "<p hidden>RESOLVED<p>", "<div style='visibility:hidden'>RESOLVED<br></div>",
    "<p style='opacity:0.0'>RESOLVED</p>", "<div style='height:0;overflow:hidden'>RESOLVED</div>",
    "<div style='max-height:0px'>RESOLVED</div>", "<span style='mso-hide:all'>RESOLVED</span>",
    "<div style='display:none'><div>a</div><b>RESOLVED</b></div>", "<div style='display:none'/>RESOLVED</div>",
    "<style>.x, p.y {display:none}</style><div class='a x'>RESOLVED</div>",
    "<style>#z{font-size:0}</style><div id=z>RESOLVED</div>", "<style>.w{color:#fefefe}</style><i class=w>RESOLVED</i>",
    "<p style='clip:rect(0, 0, 0, 0)'>RESOLVED</p>", "<p style='transform:scale(0)'>RESOLVED</p>",
)  # fmt: skip
SHOWN = (
    "<table bgcolor='#003366'><tr><td style='color:#fff'>seen</td></tr></table>",
    "<p style='font-size:10.0pt;color:#1F497D'>seen</p>", "<p style='font-size:1em'>seen</p>",
    "<p style='font-size:100%'>seen</p>", "<p style='opacity:1'>seen</p>", "<p style='text-indent:-18.0pt'>seen</p>",
    "<div style='margin-left:-10.0pt'>seen</div>", "<p style='font:12px/1 Arial'>seen</p>", "<p style='color:red'>seen",
    "<p style='font-size:\\d800 px;color:\\0'>seen</p>",
    "<style>p.MsoNormal{font-size:11.0pt;color:black}</style><p class=MsoNormal>seen</p>",
    "<div style='background:#ffffff'><p style='color:black'>seen</p></div>", "<div style='line-height:0'>seen</div>",
    "<p hidden></p><div>seen</div>", "<br style='display:none'>seen", "<o:p hidden/>seen", "a < b and <b>seen</b>",
)  # fmt: skip


@pytest.mark.parametrize("html", HIDDEN)
def test_what_nobody_sees_is_not_read(html: str) -> None:
    """The hidden word is left out, and what follows it is the mail's first line."""
    assert from_html(f"<html><body>{html}<p>Thank you.</p></body></html>") == "Thank you."


@pytest.mark.parametrize("html", SHOWN)
def test_what_is_seen_is_read(html: str) -> None:
    """Colours on their grounds, small indents and ordinary sizes hide nothing."""
    assert "seen" in from_html(f"<html><body>{html}</body></html>")


def test_a_page_of_tags_is_no_way_round() -> None:
    """Past the limit nothing more is read, hidden or not; a page far deeper than the converter bears is cleaned too."""
    assert "RESOLVED" not in from_html("<i></i>" * 31_000 + "<p hidden>RESOLVED</p>")
    assert from_html("<div>" * 300 + "<p hidden>RESOLVED</p>seen") == "seen"
    assert shown("<p>no style at all</p>") == "<p>no style at all</p>"
