"""The directory kept true: what people said of it, and what is looked at each night.

It reads no mail and changes no file; what is true is asked of rules/answering/. Read facts.py, then nightly.py.
"""
