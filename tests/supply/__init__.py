"""What the bot is built of: its parts as a list for machines, held against advisories (`python -m tests.supply`)."""
