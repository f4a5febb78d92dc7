"""What all mailboxes have in common: how much is read at once, which folders are junk, whose id a header bears.

It knows no protocol, opens nothing and parses no mail beyond one header field.
"""

from __future__ import annotations

#: Bytes of mail in one batch, beyond which it ends early: a batch is held in memory and committed as a whole.
BATCH_BYTES = 16_000_000

#: Bytes kept of a mail that is larger than its door's `max_bytes`: its headers and most often its whole text.
HEAD_BYTES = 1_000_000

#: Names under which servers and programs keep what they take for spam, for want of a special-use mark (RFC 6154).
JUNK_NAMES = frozenset({"junk", "junk email", "junk e-mail", "spam"})


def bears_id(head: bytes, message_id: str) -> bool:
    """Whether the header block at the start of `head` has `message_id` (without brackets) as its Message-ID.

    Compared whole: a mail that merely quotes or extends the id proves nothing.
    """
    block = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    for line in block.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() == b"message-id":
            return value.strip() == b"<" + message_id.encode() + b">"
    return False
