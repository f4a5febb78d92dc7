"""A letter on its way out: claimed, made into bytes, offered, handed over, marked; each step one commit.

It reads no mail and decides nothing about a case. Read sender.py first, then pace.py (how many a minute), compose.py,
and unknown.py (letters whose fate is unknown).
"""
