"""Bring the features of two corpora closer: CORAL, MMD, DANN."""
