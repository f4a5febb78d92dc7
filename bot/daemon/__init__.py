"""What runs: the App put together, its threads, its ticks, its alerts.

It decides nothing about a case; engine/ does. Read app.py first (the only place that knows everybody), then daemon.py,
threads.py, watch/ and life/, configuration.py, templates.py, standing.py, limits.py, alert.py, notify.py and logs.py.
"""
