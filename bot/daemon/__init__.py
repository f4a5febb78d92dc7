"""What runs: the App put together, its threads, its ticks, its alerts.

It decides nothing about a case; engine/ does. Read app.py first (the only place that knows everybody), then daemon.py,
threads.py, life.py and lease.py, configuration.py, templates.py, standing.py, alert.py, notify.py and logs.py.
"""
