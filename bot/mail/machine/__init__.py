"""Mail that nobody wrote: bounces, absences, receipts, lists. It knows no command and no form.

Read automatic.py first, then robots.py, notices.py, bounce.py, away.py and absence.py; their words stand in
mail/patterns/.
"""
