"""What belongs to the server of the database: how it is opened (engines.py), and a look at it that loads no library but
its driver (glance.py).

It knows no case, no mail and no letter.
"""
