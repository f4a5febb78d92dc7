"""What is configured, shown to whoever reads it: the policies' forms, the directory, the table of states.

It opens no door; of the database the directory alone is asked. See forms.py, guide.py, directory.py, picture.py and
flow.py.
"""
