"""The worker: a table of duties, each of which calls one service."""
