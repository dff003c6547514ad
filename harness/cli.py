"""The command line: a stage or verb is a module, and the signature and docstring of its `run` are its options and help.

`EXAMPLES` of a module are printed under its help. `WHOLE_STUDY = True` says that `only` in params.yaml does not shorten
what it reads.
"""

from __future__ import annotations

import ast
import inspect
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Annotated, Any, get_type_hints

from cyclopts import App, CycloptsError, Group, Parameter

from harness import __version__
from harness.core import durations, paths, plugins
from harness.core.errors import HarnessError, NameUnknownError, left_program
from harness.core.files import sweep
from harness.core.imports import ROOT
from harness.core.log import configure, log
from harness.core.shortage import shortage
from harness.stages import _outputs, _part, _place
from harness.study.params import load as params_load

STAGE, VERB = "stage", "verb"
PIPELINE = ROOT / "dvc.yaml"
HELP = ("-h", "--help", "help")
COMPLETION = "--install-completion"

Overrides = Annotated[
    tuple[str, ...],
    Parameter(
        name="--set",
        help="KEY=VALUE that replaces a value of params.yaml, as in training.seeds=[1]",
        show_default=False,
    ),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage or verb and return the exit status: 0, 1 after an error of one line, or 2 for a wrong command."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _stand_any_terminal()
    try:
        if given[:1] == ["help"]:
            given = [*given[1:], "--help"]
        if given and not given[0].startswith("-"):
            _module(given[0])  # told in words of ours if there is no such command
        app(given[0] if given else "")(given, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        print(
            f"error: {' '.join(str(error).split()).rstrip('.')}; see `emotransfer {given[0]} --help`", file=sys.stderr
        )
        return 2
    except BrokenPipeError:  # the reader of our output has gone (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("interrupted; finished pieces are kept, run the same command to go on", file=sys.stderr)
        return 130
    except (Exception, SystemExit) as error:
        if (line := _line_of(error)) is None:
            raise
        print(f"error: {line}", file=sys.stderr)
        return 1
    return 0


def _stand_any_terminal() -> None:
    """Write out the signs that a terminal does not know: Chinese, or a dash, is no reason to stop."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _line_of(error: BaseException) -> str | None:
    """Return what to tell of an error in one line; None for a bug, whose traceback is to be seen."""
    if (short := shortage(error)) is not None:
        return str(short)
    if isinstance(error, SystemExit):
        return left_program(error)
    return str(error) if isinstance(error, HarnessError) else None


def app(wanted: str = "") -> App:
    """Return the command line; of the commands only `wanted` is imported, or all where it is `--install-completion`."""
    commands = App(
        name="emotransfer",
        help="How well does emotion recognition carry over from one corpus, and one language, to another?",
        help_epilogue="`emotransfer <command> --help` shows arguments and examples; docs/README.md is the index of the "
        "manual. `python -m harness` is the same command.",
        version=__version__,
        help_format="plaintext",
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,  # `main` tells what is kept
    )
    for kind, title in ((VERB, "Verbs"), (STAGE, "Stages, run by `dvc repro` in this order")):
        group = Group(title, sort_key=kind == STAGE)
        for position, name in enumerate(_ordered(kind)):
            if wanted in (name, COMPLETION):
                module = plugins.find(kind, name)
                examples = getattr(module, "EXAMPLES", ())
                commands.command(
                    _bound(kind, name, module), name=name, group=group, sort_key=position,
                    help_epilogue="\n\n".join(("Examples:", *examples)) if examples else "",
                )  # fmt: skip
            else:
                commands.command(_unused, name=name, group=group, sort_key=position, help=_summary(kind, name))
    commands.register_install_completion_command(name=COMPLETION, group=Group("Shell"))
    return commands


def _bound(kind: str, name: str, module: ModuleType) -> Callable[..., None]:
    """Return `run` of a module as a command: without the params, which are read from params.yaml, and with `--set`."""
    hints = get_type_hints(module.run)
    typed = list(inspect.signature(module.run).parameters.values())[1:]

    def command(*arguments: Any, set_: tuple[str, ...] = (), **options: Any) -> None:
        load = params_load.load_whole if getattr(module, "WHOLE_STUDY", False) else params_load.load
        params = load(set_)
        configure("stderr" if kind == VERB else "stdout")
        if kind == STAGE and _part.is_left_out(name, str(arguments[0]) if arguments else "", params):
            return
        if kind == VERB:
            module.run(params, *arguments, **options)
            return
        stage = "@".join([name, *map(str, arguments[:1])])
        if "DVC_STAGE" in os.environ:  # run by DVC, which does not say how far it is
            log.info(f"stage {_place.place(stage)}: {stage}")
            _outputs.refuse_elsewhere()
        sweep(paths.WRITTEN)
        with durations.recorded(stage):
            module.run(params, *arguments, **options)

    parameters = [
        parameter.replace(annotation=_with_facts(hints.get(parameter.name, str), parameter.default))
        for parameter in typed
    ]
    parameters.append(inspect.Parameter("set_", inspect.Parameter.KEYWORD_ONLY, default=(), annotation=Overrides))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = f"{(module.__doc__ or '').strip().splitlines()[0]}\n\n{inspect.getdoc(module.run) or ''}"
    return command


def _with_facts(kind: Any, default: Any) -> Any:
    """Return a type for the command line: an empty default is not shown, and a whole number is written as one."""
    converter = _whole_number if kind is int else None
    return Annotated[kind, Parameter(show_default=bool(default), converter=converter)]


def _whole_number(_: Any, tokens: Sequence[Any]) -> int:
    text = tokens[0].value
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def _unused() -> None:
    """Stand for a command whose help alone is needed."""


def _module(name: str) -> ModuleType:
    for kind in (STAGE, VERB):
        if name in plugins.names(kind):
            return plugins.find(kind, name)
    raise NameUnknownError("command", name, [n for kind in (STAGE, VERB) for n in plugins.names(kind)])


def _ordered(kind: str) -> list[str]:
    """Return stages in the order of dvc.yaml, verbs by name."""
    order = re.findall(r"(?m)^  (\w+):$", PIPELINE.read_text(encoding="utf-8")) if PIPELINE.is_file() else []
    return sorted(plugins.names(kind), key=lambda name: (order.index(name) if name in order else len(order), name))


def _summary(kind: str, name: str) -> str:
    """Return the first line of a module, without importing it."""
    text = plugins.source(kind, name).read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
