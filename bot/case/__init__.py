"""What follows from a fact: the rules of a challenge. Pure: no store, no door, no clock, no bytes of a mail.

A fact and a case go in, a Decision comes out. Read table.py first (which fact does what in which state), then waited.py
(what a letter says that goes later), said/ (what people write), course/ (time and stages), making/ (a decision in the
making), placement.py (whose mail it is, with guesses.py), dated.py (whether its signature speaks of now) and
transitions.py (where a case may go). Each of these imports only those named after it.
"""
