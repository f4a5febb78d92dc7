"""What a person says: words of the command table, promises, agreed actions, signs, orders to the holding pen.

Texts go in, values come out; who may say a word, and what follows, is not known here. Read commands.py first, then
meaning.py with model.py and shape.py, promises.py, risk.py, actions.py, child_status.py and
orders.py; courtesies.py, and for the business unit office.py and brought.py.
"""
