"""The keys of our own side: what a command that connects brings to a curve:// endpoint."""

from __future__ import annotations

from engine.errors import KeyUnusable
from engine.key_files import own_secret
from engine.link import Curve, is_encrypted
from gateway.commands.terminal import USAGE
from gateway.config import Config
from gateway.errors import CommandError
from protocol.key_file import PUBLIC_SUFFIX


def curve_for(config: Config, comp_id: str, *endpoints: str) -> Curve | None:
    """Read the keys of a CompID if any of the endpoints wants them. Raises CommandError."""
    if not any(map(is_encrypted, endpoints)):
        return None
    folder = config.curve.keys
    server = folder / f"{config.gateway.comp_id}{PUBLIC_SUFFIX}"
    if not server.exists():
        msg = f"there is no {server}: copy the gateway's public half to it"
        raise CommandError(msg, exit_code=USAGE)
    try:
        return Curve.from_files(server, own_secret(folder, comp_id))
    except KeyUnusable as problem:
        raise CommandError(str(problem), exit_code=USAGE) from None
