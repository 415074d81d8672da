"""FILE:CLASS to a strategy, with an error that says which file, which line, and why not.

A strategy file may have any name and lie in any folder. Its own folder is put on the path behind
everything else, so that it can import its neighbours and never shadows a room or the library.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path

from engine.errors import StrategyNotLoaded
from engine.strategy import Strategy


def load(target: str) -> type[Strategy]:
    """Return the class that `FILE:CLASS` names; without `:CLASS` the only strategy of the file.

    Raises StrategyNotLoaded.
    """
    name, _, class_name = target.rpartition(":") if _has_class(target) else (target, "", "")
    path = Path(name)
    if not path.is_file():
        msg = f"received {target!r}, expected FILE.py:CLASS; there is no file {path.resolve()}"
        raise StrategyNotLoaded(msg)
    found = _strategies(path)
    if not class_name:
        if len(found) != 1:
            names = ", ".join(found) or "none"
            msg = f"{path} holds the strategies: {names}; say which one as {path}:CLASS"
            raise StrategyNotLoaded(msg)
        return next(iter(found.values()))
    if class_name not in found:
        names = ", ".join(found) or "none"
        msg = f"{path} has no strategy {class_name!r}; the strategies in it are: {names}"
        raise StrategyNotLoaded(msg)
    return found[class_name]


def _has_class(target: str) -> bool:
    """Say whether the last colon separates a class; a Windows path has one after its drive."""
    tail = target.rpartition(":")[2]
    return ":" in target and not any(sign in tail for sign in "/\\.")


def _strategies(path: Path) -> dict[str, type[Strategy]]:
    module_name = f"portcullis_strategy_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        msg = f"{path} is no Python file"
        raise StrategyNotLoaded(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except BaseException as problem:
        del sys.modules[module_name]
        if isinstance(problem, KeyboardInterrupt):
            raise
        raise StrategyNotLoaded(_reason(path, problem)) from problem
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Strategy)
        and value.__module__ == module_name
    }


def _reason(path: Path, problem: BaseException) -> str:
    """Name the file, its line and what went wrong there."""
    what = f"{type(problem).__name__}: {problem}"
    if isinstance(problem, SyntaxError):
        return f"{problem.filename or path}, line {problem.lineno}: {what}"
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [f for f in frames if Path(f.filename).name == path.name]
    line = f", line {ours[-1].lineno}" if ours else ""
    return f"{path}{line}: {what}"
