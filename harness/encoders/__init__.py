"""Encoders: one file each, text, sound or picture in, features out (docs/add-an-encoder.md)."""
