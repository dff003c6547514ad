"""`python -m harness <stage or verb> [arguments]`: the command `emotransfer`, as the stages of dvc.yaml call it.

In a shell without the environment, `.venv/bin/dvc repro` finds another Python: then that of the environment takes over.
"""

import os
import sys
from pathlib import Path

ENVIRONMENT = Path(__file__).parent.parent / ".venv" / "bin" / "python"
TAKEN_OVER = "EMOTRANSFER_PYTHON"  # names the Python that found itself without the packages, so that it is tried once


def run() -> int:
    """Run the command line, with the Python of the environment if this one lacks what `make env` installs."""
    try:
        from harness.cli import main
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("harness", "harness_adapters"):
            raise
        if ENVIRONMENT.exists() and TAKEN_OVER not in os.environ:
            os.environ[TAKEN_OVER] = sys.executable
            os.execv(ENVIRONMENT, [str(ENVIRONMENT), "-m", "harness", *sys.argv[1:]])
        print(
            f"error: {sys.executable} has no {error.name}; it is not the Python of the environment. Run "
            "`source .venv/bin/activate` first, or `make env` if there is no .venv",
            file=sys.stderr,
        )
        return 1
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
