"""The command line: one command a verb. Also the container's entry point and the pipeline's steps: ``python -m model_code``."""

from __future__ import annotations

import os
import re
import sys
from typing import Annotated, Final, NoReturn

import typer

from model_code import __version__
from model_code.commands import builtin, cloud, data, judging, model, pipeline, reading, weights
from model_code.errors import OverreadError, UsageError
from model_code.files import is_unwritable

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C: 128 and the signal's number."""

app = typer.Typer(
    name="overread",
    help="Overread, a second reader for medical images. Research use only; not a medical device.\n\n"
    "The line of a model: synthesize (or prepare), train, export, calibrate, evaluate; then predict or serve.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"overread {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Options for all commands; main() reads --debug itself."""


for group in (data, model, judging, weights, pipeline, reading, cloud, builtin):
    app.add_typer(group.commands)


def main() -> NoReturn:
    """Runs a command. Exit code 0: done; 1: the work failed; 2: wrong use. Errors are one line unless --debug is given."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        code = app(arguments, prog_name="overread", standalone_mode=False) or 0
        if code == INTERRUPTED:  # which typer answers without a word
            raise KeyboardInterrupt
        sys.exit(code)
    except (OverreadError, typer.TyperException) as error:
        if debug:
            raise
        if isinstance(error, typer.TyperException):
            _fail_usage(error)
        _fail(" ".join(str(error).split()), 2 if isinstance(error, UsageError) else 1)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; run the same command again to go on", INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        if is_unwritable(error):
            why = os.strerror(error.errno or 0)
            _fail(f"a file could not be read or written ({why}); mend that and run the same command again", 1)
        # its text may quote what it failed on, so only its type is shown
        _fail(f"unexpected {type(error).__name__}; run again with --debug to see where", 1)


def _fail_usage(error: typer.TyperException) -> NoReturn:
    """A command line that could not be understood; without any argument the help has been shown already."""
    text = " ".join(error.format_message().split()).rstrip(".")
    if not text:
        sys.exit(2)
    # what is too much can be a file's name with blanks in it, which nobody put into quotes
    text = re.sub(r"^(Got unexpected extra argument)\S* .*", r"\1s; put a name with blanks into quotes", text)
    command = getattr(getattr(error, "ctx", None), "command_path", "overread")
    _fail(f"{text}; see: {command} --help", 2)


def _fail(text: str, code: int) -> NoReturn:
    print(f"overread: error: {text}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
