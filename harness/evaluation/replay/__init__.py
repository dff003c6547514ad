"""One result made again and compared."""
