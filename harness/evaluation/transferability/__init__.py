"""Estimates of transferability, and how they ranked what happened."""
