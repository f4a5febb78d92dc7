"""From what earlier releases left behind to today's: versions/ changes tables, once, when a release opens the database;
earlier.py reads what stays as it was written. env.py is what Alembic runs them by.

No migration knows today's code: it must do the same in ten years.
"""
