"""Train on one emotion corpus, test on the others: how much carries over, how sure are we, and why."""

__version__ = "0.1.0"
