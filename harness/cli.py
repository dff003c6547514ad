"""The command line: a stage or verb is a module; the signature of its `run` says which arguments may be typed."""

from __future__ import annotations

import argparse
import inspect
import os
import re
import sys
from collections.abc import Sequence
from types import ModuleType

from harness.core import plugins
from harness.core.errors import HarnessError, NameUnknownError
from harness.core.imports import ROOT
from harness.study import params as settings
from harness.study import params_check

KINDS = ("stage", "verb")
PIPELINE = ROOT / "dvc.yaml"


def main(arguments: Sequence[str]) -> int:
    """Run one stage or verb and return the exit status: 0, or 1 after a one-line error."""
    try:
        if not arguments or arguments[0] in ("-h", "--help", "help"):
            print(overview())
            return 0
        module = _module(arguments[0])
        given = _parser(arguments[0], module).parse_args(arguments[1:])
        params = settings.load(given.set)
        params_check.check(params)
        named = {name: value for name, value in vars(given).items() if name != "set"}
        module.run(params, **named)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output has gone (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("interrupted; finished pieces are kept, run the same command to go on", file=sys.stderr)
        return 130
    return 0


def overview() -> str:
    """Return every stage and verb with its arguments and what it does."""
    lines = ["python -m harness <stage or verb> [arguments] [--set key=value ...]"]
    for kind, title in zip(KINDS, ("stages, run by `dvc repro` in this order", "verbs"), strict=True):
        lines += ["", f"{title}:"]
        for name in _ordered(kind):
            module = plugins.find(kind, name)
            words = " ".join(
                [name, *map(_bracketed, _arguments(module)), *(f"[--{_dashed(o)}]" for o in _options(module))]
            )
            lines.append(f"  {words:<34} {_first_line(module)}")
    return "\n".join(lines)


def _module(name: str) -> ModuleType:
    for kind in KINDS:
        if name in plugins.names(kind):
            return plugins.find(kind, name)
    raise NameUnknownError("stage or verb", name, [n for kind in KINDS for n in plugins.names(kind)])


def _parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m harness {name}", description=_first_line(module))
    for argument in _arguments(module):
        optional = argument.default is not argument.empty
        parser.add_argument(argument.name, **({"nargs": "?", "default": argument.default} if optional else {}))
    for option, parameter in _options(module).items():
        if parameter.default is False:
            parser.add_argument(f"--{_dashed(option)}", action="store_true")
        else:
            parser.add_argument(f"--{_dashed(option)}", default=parameter.default)
    parser.add_argument(
        "--set", action="append", default=[], metavar="key=value", help="override a value of params.yaml"
    )
    return parser


def _arguments(module: ModuleType) -> list[inspect.Parameter]:
    parameters = list(inspect.signature(module.run).parameters.values())[1:]
    return [parameter for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]


def _bracketed(argument: inspect.Parameter) -> str:
    return f"<{argument.name}>" if argument.default is argument.empty else f"[<{argument.name}>]"


def _options(module: ModuleType) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(module.run).parameters.values()
    return {parameter.name: parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}


def _ordered(kind: str) -> list[str]:
    """Return stages in the order of dvc.yaml, verbs by name."""
    order = re.findall(r"(?m)^  (\w+):$", PIPELINE.read_text(encoding="utf-8")) if PIPELINE.is_file() else []
    return sorted(plugins.names(kind), key=lambda name: (order.index(name) if name in order else len(order), name))


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _first_line(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().splitlines()[0]
