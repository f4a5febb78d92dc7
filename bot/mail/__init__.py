"""What a mail says: bytes become a Mail. Pure: no case, no store, no clock, and no pattern that a stranger can stall.

Read read.py first, then bytes/ (what arrived), cut/ (the new text), machine/ (nobody wrote this), words/ (what a person
says), forms/ (a form that came back), patterns/ (the words all these know by), trust.py (whether it is the sender's),
subject.py, understood.py (all, as people see it). Patterns are compiled by re2.py.
"""
