"""Hostile mails and fields through the real reading process: `python -m tests.fuzz`."""
