"""Which methods and functions of MQL5 sources nobody calls.

A call through a variable counts for each class that a variable of that name has anywhere, and for
its bases and heirs; a bare call counts for functions and for the class around it. So whatever is
found here is called by nobody, and a method is missed only where two variables of one name have
different classes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from support.mt5 import lint

_KIND = re.compile(r"^\s*(?:class|struct)\s+(\w+)(?:\s*:\s*public\s+(\w+))?")
_DECLARED = re.compile(r"^\s*(?:(?:virtual|static|const)\s+)*([A-Za-z_]\w*)\s+[*&]?(\w+)\s*\(")
_VARIABLES = re.compile(r"\b([A-Z]\w+)\s*[*&\s]\s*(\w+(?:\[\w*\])?(?:\s*,\s*\w+)*)\s*(?=[;,)=])")
_CALL = re.compile(r"(?:(\w+)(?:\[[^\]]*\])?\.)?\b(\w+)\s*\(")
_NO_TYPES = {"return", "else", "new", "case", "delete"}

Named = tuple[str, str]
"""The class or structure that has a method, or "" of a function; and its name."""


def uncalled(texts: Iterable[str]) -> set[Named]:
    """Return what is declared in these sources and called nowhere in them."""
    bases: dict[str, str] = {}
    declared: set[Named] = set()
    variables: defaultdict[str, set[str]] = defaultdict(set)
    calls: set[tuple[str, str, str]] = set()
    for text in texts:
        owner = ""
        for line in lint.lines_of(text):
            kind = _KIND.match(line.code)
            if kind:
                owner, bases[kind[1]] = kind[1], kind[2] or ""
                continue
            if not line.scope and line.code.strip() != "{":
                owner = ""
            for type_name, names in _VARIABLES.findall(line.code):
                for name in re.findall(r"\w+", names):
                    variables[name].add(type_name)
            is_outer = not line.scope or line.scope[-1] in {"class", "struct"}
            found = _DECLARED.match(line.code) if is_outer else None
            if found and found[1] not in _NO_TYPES:
                declared.add((owner, found[2]))
            for variable, name in _CALL.findall(line.code, found.end() if found else 0):
                calls.add((owner, variable, name))
    called = {
        (family, name)
        for owner, variable, name in calls
        for type_name in (variables[variable] if variable else {owner, ""})
        for family in _family(type_name, bases)
    }
    return declared - called


def _family(name: str, bases: dict[str, str]) -> set[str]:
    """Return a class with its bases and its heirs."""
    found = {name}
    while heirs := {heir for heir, base in bases.items() if base and base in found} - found:
        found |= heirs
    while name := bases.get(name, ""):
        found.add(name)
    return found
