"""What the operator asks of cases and says to them: one at a time, or all of them as registers and reports.

Read command.py first, then shown.py, which lays one case out, and registers.py.
"""
