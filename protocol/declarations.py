"""What a struct's declarations say to the codec: tags, bare types, titles, groups."""

from __future__ import annotations

import types
import typing
from typing import Any, get_args, get_origin

import msgspec

from protocol.messages import Group


def hints_of(struct: type) -> dict[str, Any]:
    """Return the type of each field by its name."""
    return typing.get_type_hints(struct, include_extras=True)


def tags_of(struct: type) -> list[str]:
    """Return the tags of a struct in the order of their declaration, which is that of the wire."""
    return [field.encode_name for field in msgspec.structs.fields(struct)]


def unwrap_type(hint: Any) -> tuple[Any, str | None]:
    """Return the bare type of a field and the title of its Meta: Annotated and None are removed."""
    title = None
    while True:
        if get_origin(hint) is typing.Annotated:
            for extra in hint.__metadata__:
                title = getattr(extra, "title", None) or title
            hint = get_args(hint)[0]
        elif get_origin(hint) in {typing.Union, types.UnionType}:
            hint = next(arg for arg in get_args(hint) if arg is not types.NoneType)
        else:
            return hint, title


def bound_of(hint: Any, low: str, high: str) -> tuple[Any, Any]:
    """Return what the Meta of a field says of two limits, such as ge and le; None is no limit."""
    found: list[Any] = [None, None]
    if get_origin(hint) is typing.Annotated:
        for extra in hint.__metadata__:
            found = [getattr(extra, name, None) for name in (low, high)]
    for arg in () if found != [None, None] else get_args(hint):
        found = list(bound_of(arg, low, high))
        if found != [None, None]:
            break
    return found[0], found[1]


def group_of(hint: Any) -> type[Group] | None:
    """Return the struct of a group's entries, or None when the type is not a group."""
    if get_origin(hint) is tuple:
        return typing.cast("type[Group]", get_args(hint)[0])
    return None
