"""The new text of a mail: what stands above quotations, signatures and disclaimers. It judges no word.

Read quote.py first, then attributions.py, below.py, desks.py, signature.py, boilerplate.py and trimmings.py.
"""
