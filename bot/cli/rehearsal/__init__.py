"""Stories played on the real App with a virtual clock: `rehearse` and `demo`.

It knows no real mailbox and waits for nothing. Read story.py first (what is played), then rehearse.py, rows.py (what is
expected), demo.py, page.py, and command.py.
"""
