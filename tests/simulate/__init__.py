"""Years of a partnership's mail in minutes: the whole App on a virtual clock, with people and faults at random.

partnership.py makes who there is, script.py what happens unasked, people.py how letters are answered, mails.py the
bytes; doors.py and faults.py stand where servers and disks would; play.py runs it, look.py reads what is in the
database by plain SQL, and oracle.py with its of_*.py says after each event whether the 25 properties hold. run.py
plays many, and makes a failing one short; planted.py breaks the bot on purpose; __main__.py is `make simulate`.
"""
