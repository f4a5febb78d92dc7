"""`probe`: a mail of our own through every door of a configuration, and what was seen on the way.

It places no mail and writes no letter of a case. Read command.py first, then through.py, doors.py and letters.py.
"""
