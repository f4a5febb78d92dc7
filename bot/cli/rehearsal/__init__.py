"""Stories played on the real App with a virtual clock: `rehearse` and `demo`; and what people will read: `letters`.

It knows no real mailbox and waits for nothing. Read story.py first (what is played), then rehearse.py, rows.py (what is
expected), demo.py, page.py, and command.py; letters.py with gallery.py shows every letter there is.
"""
