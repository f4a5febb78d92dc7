"""One life of the program: alone on its folder and, among several on one PostgreSQL, under a lease.

Read life.py (its name, its folder, its signals, one pass for cron), then lease.py (standing by, taking over, ending).
It reads no mail, keeps no tick and decides nothing.
"""
