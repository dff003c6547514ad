"""Run stages one after the other in one process: `python -m benchmarks._stages prepare:a transfer:b score`."""

import sys
import time

from harness.core.plugins import find
from harness.study.params.load import load

if __name__ == "__main__":
    params = load()
    for step in sys.argv[1:]:
        name, *arguments = step.split(":")
        start = time.perf_counter()
        find("stage", name).run(params, *arguments)
        print(f"STAGE {name} {time.perf_counter() - start:.2f}", flush=True)
