"""`python -m bot` is `challenge-bot`."""

from bot.cli.main import main

main()
