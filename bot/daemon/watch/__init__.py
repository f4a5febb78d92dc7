"""How hundreds of mailboxes are watched at once: one thread waits for all of them, a few hands do what there is to do.

Read mailbox.py (one mailbox: its passes and looks), then watch.py (who waits), hands.py (who works, and how much one
server may have of them), lines.py and notices.py (what is waited for). It reads no mail and decides nothing.
"""
