"""Where a secret is kept; the secret itself never stands in the configuration."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from gateway.errors import ConfigError


class Secret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret is kept: a file (its text, stripped) or an environment variable."""

    file: Path | None = None
    env: str | None = None

    @property
    def place(self) -> str:
        """Where it is kept, in words."""
        if self.env is not None:
            return f"the environment variable {self.env}"
        return f"the file {self.file}"

    def read(self) -> bytes:
        """Fetch the secret. Raises ConfigError that says where it was looked for."""
        place = self.place
        if self.env is not None:
            value = os.environ.get(self.env, "")
        else:
            try:
                value = Path(self.file or "").read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as problem:
                msg = f"a secret was expected in {place}: {problem}"
                raise ConfigError(msg) from None
        if not value:
            msg = f"a secret was expected in {place}, which is empty"
            raise ConfigError(msg)
        return value.encode()

    def anchored(self, folder: Path) -> Secret:
        """Return the same with an absolute path, as seen from a folder."""
        return self if self.file is None else Secret(file=folder / self.file.expanduser())
