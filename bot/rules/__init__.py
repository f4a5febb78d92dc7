"""What is configured, and what follows for times and people: policies, directory, calendar, who may say what.

It knows no mail, no letter and no store. Read book.py first, then authority.py, directory.py with named.py and
directory_file.py, windows.py, written.py, workdays.py, instants.py and past_day.py, answering/, and policy/.
"""
