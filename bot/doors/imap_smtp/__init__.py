"""Mail in by IMAP, letters out by SMTP.

Read connection.py, pace.py, imap.py and marks.py for the one, stages.py and smtp.py for the other.
It knows no case and no store, and nothing of other protocols.
"""
