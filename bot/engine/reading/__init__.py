"""A mail on its way to a case: received, read in a process of its own, placed, answered; each step one commit.

Mails that wait together share theirs. It sends nothing and answers no deadline. Read receiving.py and intake.py first,
then reader/ (the process that reads), place.py, carrying.py, join.py, pen/ (what a person places), aside.py and
moved_door.py; office.py, brought.py and spoc.py are for the business unit and for people of no case.
"""
