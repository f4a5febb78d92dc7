"""The holding pen: mail that a person must place. It opens no door and renders no letter.

Read answers.py first (what is done with the lines of an answer), then entries.py (what a name in one means) and undo.py
(what is taken back within a day).
"""
