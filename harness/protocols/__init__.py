"""Protocols: which splits a model is trained, selected and tested on; one file each."""
