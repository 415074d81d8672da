"""docs/mt5.md names every input of the Expert Advisors and key of the terminal bridge as it is."""

from __future__ import annotations

import re

import msgspec
from support.mt5.runtime import build

from gateway.config import Venue
from gateway.config_mt5 import Mt5Account

PAGE = build.ROOT / "docs" / "mt5.md"
INPUT = re.compile(r"^input \w+ (\w+) = (.+?);", re.MULTILINE)
HEAD = "| input | default | meaning | key | default |"
CHECK_HEAD = "| input of PortcullisCheck | default | meaning |"


def rows(head=HEAD):
    """Return the cells of a table, by default that of inputs and keys."""
    _, _, table = PAGE.read_text(encoding="utf-8").partition(head)
    for line in table.split("\n\n")[0].splitlines()[2:]:
        yield [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def written(value):
    """Write a default as the table does."""
    if value is msgspec.NODEFAULT or value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def defaults(struct):
    """Return the keys of a table of the config with their defaults."""
    return {
        field.name: "none" if field.required else written(field.default)
        for field in msgspec.structs.fields(struct)
    }


def test_every_input_stands_there_with_its_default():
    """All inputs of Portcullis.mq5, in its order, and nothing else."""
    found = INPUT.findall(build.EXPERT.read_text(encoding="utf-8"))
    assert len(found) > 20
    assert [(name, value.strip('"')) for name, value in found] == [
        (name, default) for name, default, *_ in rows() if name
    ]


def test_every_input_of_the_check_stands_there_with_its_default():
    """All inputs of PortcullisCheck.mq5, in its order, and nothing else."""
    found = INPUT.findall(build.CHECK.read_text(encoding="utf-8"))
    assert [(name, value.strip('"')) for name, value in found] == [
        (name, default) for name, default, _ in rows(CHECK_HEAD)
    ]


def test_every_key_of_the_terminal_bridge_stands_there_with_its_default():
    """All keys of [venue.mt5], and those of [[venue]] that have an input beside them."""
    told = {key: default for *_, key, default in rows() if key}
    own = {key: default for key, default in told.items() if not key.startswith("[[venue]] ")}
    assert own == defaults(Mt5Account)
    others = {key.removeprefix("[[venue]] ") for key in told.keys() - own.keys()}
    venue = defaults(Venue)
    assert others == {"id", "token", "dead_man_ms", "symbols"}
    assert told["[[venue]] dead_man_ms"] == venue["dead_man_ms"]
    assert others <= venue.keys()
