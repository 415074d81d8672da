"""How every command speaks: one line for a person's mistake, tables, JSON, exit codes.

Rules: a mistake of a person or a machine is one line on stderr that says what was received, what
was expected and what to do; never a traceback. Answers go to stdout. `--json` prints one JSON
value and nothing else, so that it can be piped.

Exit codes of all commands: 0 done · 1 refused, or the check that was asked for failed · 2 used
wrongly, or the config is wrong · 3 the gateway does not answer · 4 the journal cannot be used ·
5 an address is taken by another process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson
from rich.console import Console
from rich.table import Table

from gateway.config import Config, load_config
from gateway.errors import CommandError, ConfigError, GatewayError, PortInUse
from gateway.oms.orders import BrokenFold
from journal.errors import Corrupt, JournalError
from protocol.timestamps import format_utc

REFUSED, USAGE, NO_ANSWER, JOURNAL, PORT = 1, 2, 3, 4, 5

F = TypeVar("F", bound=Callable[..., Any])

WIDE = 240
"""Columns of a table that goes into a file or a pipe: nothing is cut off there."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Group(click.Group):
    """A group of commands whose failures are sentences and exit codes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what can go wrong for a person into one line."""
        try:
            return super().invoke(ctx)
        except (GatewayError, JournalError, BrokenFold) as problem:
            err.print(f"[bold red]portcullis:[/] {_escaped(f'{problem}{advice(problem)}')}")
            ctx.exit(exit_code_of(problem))
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(0)


def advice(problem: Exception) -> str:
    """Return what to do about an error whose own text cannot know our commands."""
    if isinstance(problem, BrokenFold):
        return "; nothing was changed. Was the journal written by another version of this program?"
    if not isinstance(problem, Corrupt):
        return ""
    folder = Path(problem.segment).parent
    return (
        f"; nothing was changed. `portcullis journal verify {folder}` says what is sound,"
        f" `portcullis journal repair {folder}` says what would be lost, and cuts it there"
    )


def exit_code_of(problem: Exception) -> int:
    """Return the documented exit code of an error."""
    if isinstance(problem, CommandError):
        return problem.exit_code
    if isinstance(problem, ConfigError):
        return USAGE
    if isinstance(problem, PortInUse):
        return PORT
    return JOURNAL if isinstance(problem, (JournalError, BrokenFold)) else REFUSED


def config_option(command: F) -> F:
    """Add `--config FILE`."""
    return click.option(
        "--config", "config_path", type=click.Path(path_type=Path), default=Path("config.toml"),
        show_default=True, help="The configuration file.",
    )(command)  # fmt: skip


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")(command)


def read_config(path: Path) -> Config:
    """Load the configuration or end with exit code 2 and a sentence."""
    return load_config(path)


def print_json(value: Any) -> None:
    """Print one JSON value and a newline, whatever the terminal."""
    text = orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2)
    sys.stdout.write(text.decode() + "\n")
    sys.stdout.flush()


def print_json_line(value: Any) -> None:
    """Print one JSON value on a line of its own, for what has no end."""
    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
    sys.stdout.flush()


def print_rows(
    rows: Sequence[Mapping[str, Any]], *, title: str, columns: Sequence[str] = ()
) -> None:
    """Print rows as a table: the named columns first, then whatever else the rows carry."""
    if not rows:
        out.print(f"no {title}")
        return
    rows = [for_people(row) for row in rows]
    names = [name for name in columns if any(name in row for row in rows)]
    names += [name for row in rows for name in row if name not in names and name not in columns]
    names = list(dict.fromkeys(names))
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name in names:
        numeric = all(_is_number(row.get(name)) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    out.print(table)


def print_pairs(pairs: Mapping[str, Any]) -> None:
    """Print names and values, one pair a line."""
    pairs = for_people(pairs)
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        out.print(f"[dim]{name:<{width}}[/]  {_cell(value)}")


def for_people(value: Any) -> Any:
    """Write times, the names in `_ns`, as UTC text under the bare name; all else as it is."""
    if isinstance(value, Mapping):
        return dict(_for_people(name, part) for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return [for_people(part) for part in value]
    return value


def _for_people(name: str, value: Any) -> tuple[str, Any]:
    if name.endswith("_ns") and isinstance(value, int):
        return name.removesuffix("_ns"), format_utc(value) if value else ""
    return name, for_people(value)


def _is_number(value: Any) -> bool:
    return value is None or str(value).lstrip("-").replace(".", "", 1).isdigit()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _escaped(_words(value))


def _words(value: Any) -> str:
    """Write what is flat as words, `USD=100 EUR=5` and `BUY SELL`; what is nested as JSON."""
    deep = (dict, list)
    if isinstance(value, dict) and not any(isinstance(one, deep) for one in value.values()):
        return " ".join(f"{name}={part}" for name, part in value.items())
    if isinstance(value, list) and not any(isinstance(one, deep) for one in value):
        return " ".join(map(str, value))
    if isinstance(value, (dict, list)):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")
