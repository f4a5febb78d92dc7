"""Microsoft Graph: mail in and letters out.

Read client.py first, then marks.py, receive.py, mime.py and send.py.
It knows no case and no store, and nothing of other protocols.
"""
