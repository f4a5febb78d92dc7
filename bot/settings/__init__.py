"""config/ as one value: bot.yaml, the directory, the policies, secrets; every fault at once, with its line.

It opens no door and no database. Read settings.py first, then home.py, door.py, checks.py, credentials.py, shapes.py,
scheduled.py and samples.py.
"""
