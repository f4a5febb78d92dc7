"""A policy as data: what a file may hold, how it is read, and every fault of it with its line.

No policy is known by name. Read policy.py first, then blocks.py, forms.py and follow_up.py, grammar.py, file.py with
course.py, overlay.py, yaml_file.py and typed.py, and prose.py.
"""
