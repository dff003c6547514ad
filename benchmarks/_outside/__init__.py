"""Two made-up corpora of voiced sounds, offered to the harness as a package of its own offers them."""
