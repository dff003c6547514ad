"""Verbs: what a person types beside the stages; one file each."""
