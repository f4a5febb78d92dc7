"""The process that reads what strangers wrote, and the cage it reads in: nothing of the daemon's is in its reach.

It knows bytes and the words looked for in them; no case, no database, no directory. Read sandbox.py (the daemon's side)
first, then child.py (the process) and cage.py (what the kernel takes from it).
"""
