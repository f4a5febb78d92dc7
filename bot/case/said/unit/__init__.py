"""What the business unit says of a case, and what those are told whom the directory knows and who are no party.

orders.py holds what its words do, shadow.py what was only watched, others.py the answers to mails that change nothing.
"""
