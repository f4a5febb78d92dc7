"""How it is said: a Letter and its values become text, HTML and the bytes of a mail.

It decides nothing, knows no store and no door, and asks no clock. Read catalogue.py first (which letters there are),
then wording.py, render.py and mime.py; samples.py shows each of them.
"""
