"""Challenge Bot keeps the clock of professional safeguarding challenges, by email alone."""

__version__ = "0.1.0"
