"""A release on disk: links to it, what reads it, its media, what an adapter promises, made-up releases."""
