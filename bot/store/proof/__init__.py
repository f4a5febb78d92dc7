"""What makes an edit behind our back be found: the chain of the journals and its seals, and what they hold still.

It mends nothing. Read chain.py first, then beside.py, which holds all that stands beside the journals against it.
"""
