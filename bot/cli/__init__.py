"""What the operator says: one function a command, each reading or changing through the daemon's App or the store.

It decides nothing about a case and knows no protocol. Read main.py first, then output.py and open.py. run.py starts,
status/ asks how it runs, case/ and mail.py act on cases and on mail, keep.py keeps and forgets. check.py, policy.py,
setup.py, understand.py and shown/ are for whoever configures and reads. rehearsal/ plays stories on a virtual clock,
probe/ tries every door for real.
"""
