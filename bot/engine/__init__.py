"""What is done with a mail, a deadline, a letter; each ends in one commit.

It makes no rule (case/), knows no protocol (doors/) and no SQL (store/). Read turn.py first (one fact to one committed
decision), then reading/ (a mail), alarms.py (a deadline), sending/ (a letter); these three do not know one another.
Then strangers.py and flood.py (what is too many in an hour, in a day), held.py (what waited), digest.py, reports.py,
expiry.py, registers.py, and contacts/ (the directory kept true).
"""
