"""How figures are printed: one JSON object a line, the machine's details first."""

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
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


def timed(act: Callable[[], object], *, times: int, warm: int = 2) -> dict[str, float]:
    """Run something so many times and return median and p95 in milliseconds."""
    for _ in range(warm):
        act()
    spent = []
    for _ in range(times):
        begun = perf_counter()
        act()
        spent.append((perf_counter() - begun) * 1000)
    return {
        "p50_ms": round(percentile(spent, 0.5), 2),
        "p95_ms": round(percentile(spent, 0.95), 2),
    }


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0
