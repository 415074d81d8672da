"""Ship the root's config.toml inside the wheel: `portcullis init` writes it where a person wants.

Everything else about the package stands in pyproject.toml.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConfig(build_py):
    """The usual build, plus one file that lives at the root for its readers."""

    def run(self) -> None:
        """Copy the packages, then config.toml into `gateway`."""
        super().run()
        target = Path(self.build_lib) / "gateway" / "config.toml"
        if not self.editable_mode:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile("config.toml", target)


setup(cmdclass={"build_py": BuildWithConfig})
