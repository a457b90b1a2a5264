"""Reading alone: what comes out of one file, and the processor time and memory of this process and of those that read for it.

python tests/bench/reading.py FILE...
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from newsbeam.inputs import process
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.work_units import plan_work_units


def main() -> None:
    """One line for each file, each in a process of its own, since peaks of memory do not go down."""
    if len(sys.argv) != 2:
        for path in sys.argv[1:]:
            subprocess.run([sys.executable, __file__, path], check=True)
        return
    begun, count, size, failed = time.monotonic(), 0, 0, 0
    for share in plan_work_units(discover([sys.argv[1]]).sources):
        for bundle in Reader(32 << 20).read(share):
            count += len(bundle.raws)
            size += sum(len(raw.payload) for raw in bundle.raws)
            failed += sum(1 for raw in bundle.raws if raw.error)
    seconds = time.monotonic() - begun
    process.close()
    sides = []
    for name, who in (("this process", resource.RUSAGE_SELF), ("reader", resource.RUSAGE_CHILDREN)):
        used = resource.getrusage(who)
        sides.append(f"{name} {used.ru_utime + used.ru_stime:.1f} s, {used.ru_maxrss >> 10} MB")
    print(f"{sys.argv[1]}: {count} items, {size >> 20} MB, {failed} failed; {seconds:.1f} s by the clock; {'; '.join(sides)}")


if __name__ == "__main__":
    main()
