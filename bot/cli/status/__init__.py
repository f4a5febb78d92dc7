"""How what runs is: the health of one (command.py), and of many, a partnership each (fleet.py).

It starts nothing and decides nothing.
"""
