"""What makes an edit behind our back be found: the chain of the journals and its seals, and what they hold still.

It mends nothing. Read chain.py first, then ways.py, which seals where mails and letters went, states.py, which holds
the cases against their journals, beside.py, which does so with all that stands beside them, and heads.py, one hash over
all of it.
"""
