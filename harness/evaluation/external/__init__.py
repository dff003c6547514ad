"""Predictions that somebody else made, checked and taken over."""
