"""The processes that read what strangers wrote, and their cage: nothing of the daemon's is in their reach.

They know bytes and the words looked for in them; no case, no database, no directory. Read sandbox.py (the daemon's
side: which of them reads what) first, then process.py (one of them, from there), child.py (from inside) and cage.py
(what the kernel takes from it).
"""
