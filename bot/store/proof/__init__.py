"""What makes an edit behind our back be found: the chain of the journals and its seals, and what they hold still.

It mends nothing. Read chain.py first, then states.py, which holds the cases against it, and beside.py, which does
so with all that stands beside the journals.
"""
