"""The truth: cases, mails, deadlines, letters and the journal, in SQLite or PostgreSQL.

It decides nothing and knows no rule. Read schema.py and db.py first, then codec.py and columns.py, chain.py, cases.py,
mails.py with seen.py and mailboxes.py, deadlines.py, outbox.py, letters.py, and backup.py.
"""
