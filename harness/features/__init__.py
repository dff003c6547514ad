"""Stored features: which are wanted, how they are extracted, the store."""
