"""The real daemon, killed hundreds of times between real servers, and a judge who reads what people got.

Who is who: scythe.c and scythe.py (where it dies, what time it thinks it is), forks.py (lives that start fast), sink.py
(an SMTP server with eleven faults), town.py (the partnership, its inboxes and files), people.py (what they write, and
why), judge.py (what came of it), storm.py (a whole run), `__main__.py` (`make storm`).
"""
