"""Fixtures of real servers; each starts on a loopback port of its own and stops by itself."""

pytest_plugins = ["tests.servers.dovecot", "tests.servers.postgres", "tests.servers.smtp"]
