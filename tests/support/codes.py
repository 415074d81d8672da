"""The codes that the gateway puts in front of a Text (58), read from its source.

A string that begins with `CODE: `, or is a CODE alone where a text is wanted. Alerts and notes are
ours, and docstrings are nobody's.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from protocol.fields import TradingState

ROOT = Path(__file__).resolve().parents[2]
OURS = {"alert", "Jot", "in_parts"}
"""What these are called with is for the journal, not for a peer."""
WORD = "[A-Z][A-Z_]{3,}"


def calls(tree, names):
    """Yield the calls of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in names:
                yield node


def text_of(node):
    """Return the text of a string, or that at the beginning of an f-string."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def spoken(tree):
    """Yield the nodes that become a Text as they are: text=…, (CxlRejReason.X, …), problem = …."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "text":
            yield from ast.walk(node.value)
        elif isinstance(node, ast.Tuple) and "CxlRejReason" in ast.unparse(node.elts[:1] or node):
            yield from ast.walk(node)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "problem":
            yield from ast.walk(node.value)
    for call in calls(tree, {"refuse", "Refusal", "Fault"}):
        yield from call.args[:1]


def causes(tree):
    """Return why a module has a scope halted: `cause=` of a trip, the third word of a breaker's."""
    constants = {
        ast.unparse(node.targets[0]): text_of(node.value)
        for node in tree.body if isinstance(node, ast.Assign)
    }  # fmt: skip
    found = [
        keyword.value for call in calls(tree, {"trip"})
        for keyword in call.keywords if keyword.arg == "cause"
    ]  # fmt: skip
    found += [call.args[2] for call in calls(tree, {"fire"}) if len(call.args) > 2]
    found += [call.args[0] for call in calls(tree, {"_reduce"}) if len(call.args) == 2]
    found += [
        part for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and "cause" in re.findall(r"\w+", ast.unparse(node.targets[0]))
        for part in ast.walk(node.value)
    ]  # fmt: skip
    texts = {text_of(node) or constants.get(ast.unparse(node), "") for node in found}
    return {text for text in texts if re.fullmatch(WORD, text)}


def codes_in(tree):
    """Return the codes of one module."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    silent |= {id(part) for call in calls(tree, OURS) for part in call.args}
    begun = [re.match(rf"({WORD}): ", text_of(node)) for node in ast.walk(tree)
             if id(node) not in silent]  # fmt: skip
    alone = [re.fullmatch(f"({WORD})", text_of(node)) for node in spoken(tree)]
    named = {node.id for node in spoken(tree) if isinstance(node, ast.Name)}
    constants = [
        re.match(rf"({WORD})(?:: |$)", text_of(node.value))
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in named
    ]
    return {found[1] for found in (*begun, *alone, *constants) if found}


@cache
def said():
    """Return the codes of the whole gateway."""
    folders = ("gateway", "gateway/oms", "gateway/risk", "gateway/risk/checks")
    paths = [path for folder in folders for path in (ROOT / folder).glob("*.py")]
    paths.append(ROOT / "protocol" / "authentication.py")
    codes = set()
    for path in paths:
        tree = ast.parse(path.read_text("utf-8"))
        codes |= codes_in(tree) | causes(tree)
    halts = {state.value for state in TradingState} - {TradingState.ACTIVE.value}
    return codes - {"OPERATOR"} | halts
