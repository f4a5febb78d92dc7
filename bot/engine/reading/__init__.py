"""A mail on its way to a case: received, read in a process of its own, placed, answered; each step one commit.

It sends nothing and answers no deadline. Read intake.py first, then sandbox.py with child.py and cage.py, place.py,
join.py, pen.py and moved_door.py; office.py, brought.py and spoc.py are for the business unit and people of no case.
"""
