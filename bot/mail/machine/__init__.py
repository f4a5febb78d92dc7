"""Mail that nobody wrote: bounces, absences, receipts, lists. It knows no command and no form.

Read automatic.py first, then robots.py and marks.py, bounce.py and failure.py, away.py, away_words.py and absence.py.
"""
