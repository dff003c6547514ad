"""Timings as ratios within one run: `python -m benchmarks [name ...]`; each file has `run() -> list[str]`."""
