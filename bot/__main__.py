"""`python -m bot` is `challenge-bot`."""

from bot.cli import main

main()
