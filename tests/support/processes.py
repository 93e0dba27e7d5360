"""Processes of their own, born with the application already imported."""

import multiprocessing
from multiprocessing.context import ForkServerContext, SpawnContext

# The server they are forked from imports this once; it has no thread and no connection, so its
# children begin as freshly as those of `spawn` do, a second earlier each.
PRELOADED = ["packhouse.api", "packhouse.cli", "packhouse.web", "config", "tests.factories"]

CONTEXT: ForkServerContext | SpawnContext
if "forkserver" in multiprocessing.get_all_start_methods():
    CONTEXT = multiprocessing.get_context("forkserver")
    CONTEXT.set_forkserver_preload(PRELOADED)
else:
    CONTEXT = multiprocessing.get_context("spawn")
