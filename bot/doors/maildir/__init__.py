"""Maildir folders: mail in and letters out.

Read receive.py first, then drop.py (a mail that is handed in), pipe.py (`deliver`: a mail server hands it in) and
send.py. It knows no case and no store, and nothing of other protocols.
"""
