"""Mutants: small faults put into a copy of the bot, each of which some test must notice (`python -m tests.mutants`)."""
