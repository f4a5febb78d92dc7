"""What must never be read outside a case: names, initials, dates of birth and addresses of children and families.

family.py makes them from a seed, planting.py writes them into mails of every kind, leaving.py reads all that leaves or
is kept beside a case, and test_names.py plays whole cases between the two. `make names` plants a thousand.
"""
