"""A process that trains beside others on one GPU; `_gpu_machine.py` starts it."""

import sys

from benchmarks._gpu_machine import train_and_wait

if __name__ == "__main__":
    train_and_wait("--dry" in sys.argv)
