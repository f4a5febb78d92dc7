"""Who answers professional challenges, as a page to print. It asks nobody, and knows no directory: see page.py.

page.py fills contacts.typ, which lays it out.
"""
