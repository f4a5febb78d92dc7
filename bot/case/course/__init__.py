"""What time does to a case: it opens, runs through its stages, is answered or lapses, closes, and is followed up.

It does not know in which words a mail said something: said/ does, and calls it.
Read opening.py and entry.py first, then clock.py, stages.py and subclocks.py, delivery.py, approval.py, hearing.py and
unconfirmed.py, and at the end closing.py, merging.py and follow_up.py.
"""
