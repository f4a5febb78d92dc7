"""Whether the directory is true: can every stage be answered, what was agreed over the file, who is to say it again.

It reads no file and knows no store. Read coverage.py first, then today.py, over.py and quarter.py.
"""
