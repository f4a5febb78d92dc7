"""What belongs to the server of the database: how it is opened (engines.py), the lives that share it (lives.py), and a
look at it that loads no library but its driver (glance.py).

It knows no case, no mail and no letter.
"""
