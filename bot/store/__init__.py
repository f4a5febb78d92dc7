"""The truth: cases, mails, deadlines, letters and the journal, in SQLite or PostgreSQL.

It decides nothing and knows no rule. Read schema.py and db.py with server/ first, then codec.py, proof/, cases.py,
mailboxes.py, mails.py, deadlines.py, outbox.py, letters.py, meta.py, keep.py, and migrations/.
"""
