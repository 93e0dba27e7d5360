"""The worker as `./run` and services start it: `flask worker` without pages, API and commands."""

import sys

from config import from_environment
from packhouse import create_core
from packhouse.jobs.worker import run_worker

if __name__ == "__main__":
    run_worker(create_core(from_environment()), accept_clock="--accept-clock" in sys.argv[1:])
