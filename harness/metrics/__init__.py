"""Metrics: one file each, from counts or moments to a number (docs/metrics.md)."""
