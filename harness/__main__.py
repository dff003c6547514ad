"""`python -m harness <stage or verb> [arguments]`."""

import sys

from harness.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
