"""What the reader makes of real mails, beside what others make of them: `python -m tests.corpus`."""
