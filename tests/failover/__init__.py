"""The real daemon on a PostgreSQL that dies and fails over under load; the storm's judge reads what people got.

Who is who: pair.py (a primary and the standby that is promoted), failover.py (a whole run), `__main__.py` (`make
failover`). Town, people, mail server and judge are the storm's.
"""
