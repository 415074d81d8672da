"""`portcullis journal repair DIR`: cut a corrupt journal back to its last good batch."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.journal_folder import folder_argument
from gateway.commands.terminal import JOURNAL, USAGE, out
from gateway.errors import CommandError
from journal import repair
from journal.repair import Loss


@click.command("repair")
@folder_argument
@click.option("--yes", is_flag=True, help="Do it without asking; alone only in the last segment.")
@click.option("--cut-old", is_flag=True, help="With --yes: cut whole segments too.")
def command(folder: Path, *, yes: bool, cut_old: bool) -> None:
    """Cut the journal in DIR after the last batch that is as it was written.

    What will be lost is said first. It is lost to the gateway, though not to you: what is cut lies
    in DIR as *.broken. The next start asks every venue what became of the orders. If you have a
    backup of the damaged segment, restore that file instead: then nothing is lost. Stop the
    gateway first.

    \b
    Exit codes: 0 repaired or nothing to do, 1 not wanted, 2 --cut-old is missing,
    4 the journal cannot be repaired.
    """
    if not folder.is_dir():
        msg = f"{folder} is not a journal folder; expected the `[journal] path` of a config"
        raise CommandError(msg, exit_code=JOURNAL)
    loss = repair.survey(folder)
    if loss is not None:
        out.print(f"{loss}; kept in {folder} as *.broken", markup=False)
        out.print(
            f"The alternative: restore {folder / loss.segment} from a backup, then"
            f" `portcullis journal verify {folder}`.",
            markup=False,
        )
    if not yes:
        _ask(folder, loss)
    elif loss is not None and loss.old and not cut_old:
        msg = f"the damage is in {loss.segment}, not the last segment; --yes needs --cut-old too"
        raise CommandError(msg, exit_code=USAGE)
    out.print(str(repair.repair(folder)), markup=False)


def _ask(folder: Path, loss: Loss | None) -> None:
    """Let a person decide; whole segments are cut only for the word itself."""
    if loss is None or not loss.old:
        click.confirm(f"Cut {folder} after its last good batch?", abort=True)
    elif click.prompt("Whole segments will be cut. Type the word cut to do it").strip() != "cut":
        raise click.Abort
