"""Where pieces of work run: one file per engine, found by its name."""
