"""The table of 72 faults: what may befall the bot, what it promises then, the test that shows it, and what guards it.

The rows stand in the .yaml files (crash, smtp, mailbox, storage, time, rules, hostile), table.py reads them. `make
guards` (guards.py) takes each guard away in a copy of the tree and wants the named test red; test_faults.py holds the
table against the sources, quickly. It makes no fault at random (tests/mutants) and forges no mail (tests/forged).
"""
