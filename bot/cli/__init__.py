"""What the operator says: one function a command, each reading or changing through the daemon's App or the store.

It decides nothing about a case and knows no protocol. Read main.py first, then output.py and open.py; each command
stands in the file named like it. rehearsal/ plays stories on a virtual clock, probe/ tries every door for real.
"""
