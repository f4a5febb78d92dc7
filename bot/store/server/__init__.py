"""What belongs to the server of the database and to none of its tables: how it is opened (engines.py).

It knows no case, no mail and no letter.
"""
