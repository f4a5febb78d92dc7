"""Challenge Bot keeps the clock of professional safeguarding challenges, by email alone.

Twelve rooms, each importing only from those named after it: cli/, daemon/, engine/, store/, doors/, settings/, case/
and records/, mail/ and letters/, rules/, model/. docs/house.md walks a mail, a deadline and a letter through them.
"""

__version__ = "0.1.0"
