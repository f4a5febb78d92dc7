"""Lives in processes of their own, each forked from one process that has loaded what every life needs.

One for all files here: a process of pytest has one fork server, and it loads what it was first told to.
"""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.kill.warm"])
