"""What the two sides of one door share: sessions with Graph and Exchange, HTTPS, and tokens.

It reads no mail and sends no letter: mailbox/ and transport/ do, and each says there what an answer means to it.
"""
