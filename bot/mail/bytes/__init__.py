"""What arrived: headers, addresses, text, attachments. It knows no meaning of any word.

Read parse.py first, then transfer.py, headers.py, addresses.py, text.py and unseen.py, results.py, tnef.py,
unreadable.py and contents.py.
"""
