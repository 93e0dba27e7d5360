"""Run the named benchmarks, or all of them."""

import sys
from importlib import import_module

from bench.report import machine

NAMES = (
    "race",
    "kills",
    "booking",
    "quote",
    "board",
    "week",
    "utilization",
    "waitlist",
    "floor",
    "month",
    "replanning",
    "replanning",
    "start",
)


def main(arguments: list[str]) -> int:
    """Run benchmarks by name; an unknown name is told with the known ones."""
    names = [each for each in arguments if not each.startswith("-")] or list(NAMES)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    machine()
    for name in names:
        import_module(f"bench.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
