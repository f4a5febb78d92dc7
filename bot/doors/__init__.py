"""How mail comes in and letters go out: one folder a protocol, both directions together.

It knows no case, no store and no policy. Read ports.py first (what every door keeps to), then opened.py (which module
opens which kind), reading.py and gate.py; https.py and tokens.py serve Microsoft's doors, dmarc.py asks the DNS. Of the
protocols maildir/ is the shortest; imap_smtp/, graph/ and ews/ follow; setup/ says what must be done before.
"""
