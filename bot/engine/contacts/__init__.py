"""The directory kept true: what people said of it, what is looked at each night, what is asked each quarter.

It changes no file; what is true is asked of rules/answering/. Read facts.py and books.py (the rules
of today, with all that stands over the file), then proposed.py, nightly.py, quarter.py and still.py.
"""
