"""Exchange Web Services: mail in and letters out.

Read client.py first, then folders.py, receive.py, stream.py and send.py.
It knows no case and no store, and nothing of other protocols.
"""
