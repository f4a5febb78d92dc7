"""What an administrator must do before a door opens: blocks of bot.yaml, and PowerShell. Pure text: it opens nothing.

Read block.py first, then powershell.py.
"""
