"""How figures are printed: one JSON object a line, the machine's details first."""

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any


def tell(bench: str, **figures: Any) -> None:
    """Print one line of figures."""
    print(json.dumps({"bench": bench, **figures}), flush=True)


def progress(text: str) -> None:
    """Say on standard error what is being done."""
    print(text, file=sys.stderr, flush=True)


def machine() -> None:
    """Print what the figures were measured on."""
    memory = 0
    info = Path("/proc/meminfo")
    if info.exists():
        memory = int(info.read_text().split()[1]) // 1024
    tell(
        "machine",
        python=platform.python_version(),
        system=platform.system(),
        architecture=platform.machine(),
        cores=os.cpu_count(),
        memory_mib=memory,
        load=round(os.getloadavg()[0], 2),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def timed_in_turn(
    acts: Sequence[Callable[[], object]], *, times: int, warm: int = 2
) -> list[dict[str, float]]:
    """Run each so many times, one after the other in turn; return milliseconds of each.

    Taking turns, whatever else the machine does hits all of them alike. ``cpu_ms`` is the median
    of what this process itself computed: what p50 would be on a machine that does nothing else,
    without the time of a database server.
    """
    for act in acts:
        for _ in range(warm):
            act()
    spent: list[list[float]] = [[] for _ in acts]
    computed: list[list[float]] = [[] for _ in acts]
    for _ in range(times):
        for number, act in enumerate(acts):
            begun, before = perf_counter(), process_time()
            act()
            spent[number].append((perf_counter() - begun) * 1000)
            computed[number].append((process_time() - before) * 1000)
    return [
        {
            "p50_ms": round(percentile(wall, 0.5), 2),
            "p95_ms": round(percentile(wall, 0.95), 2),
            "cpu_ms": round(percentile(cpu, 0.5), 2),
        }
        for wall, cpu in zip(spent, computed, strict=True)
    ]


def growth(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return how many times the first figures the last ones are."""
    return {
        name.removesuffix("_ms"): round(figures[-1][name] / max(figures[0][name], 0.01), 2)
        for name in ("p50_ms", "p95_ms", "cpu_ms")
    }
