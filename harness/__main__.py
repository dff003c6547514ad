"""`python -m harness <stage or verb> [arguments]`: the command `emotransfer` of the Python that runs it."""

import sys


def run() -> int:
    """Run the command line, or say which Python this is if it lacks what `make env` installs."""
    try:
        from harness.cli import main
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("harness", "harness_adapters"):
            raise
        print(
            f"error: {sys.executable} has no {error.name}; it is not the Python of the environment. Run "
            "`source .venv/bin/activate` first, or `make env` if there is no .venv",
            file=sys.stderr,
        )
        return 1
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
