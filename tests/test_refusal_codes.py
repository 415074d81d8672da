"""Every CODE that the gateway puts in front of a Text (58) is explained, and no other."""

from __future__ import annotations

import re

from support.codes import ROOT, WORD, said

DOCUMENT = ROOT / "protocol" / "PROTOCOL.md"


def documented():
    """Return the codes in the first column of the tables of section 6."""
    section = DOCUMENT.read_text("utf-8").partition("\n## 6.")[2].partition("\n## 7.")[0]
    tables = re.findall(r"^\| CODE.*\n\|[-|]+\n((?:\|.*\n)+)", section, re.MULTILINE)
    cells = [row.split("|")[1] for table in tables for row in table.splitlines()]
    return {code for cell in cells for code in re.findall(WORD, cell)}


def test_the_codes_of_the_gateway_are_those_of_the_document():
    """PROTOCOL.md's section 6 lists every code that a Text can begin with, and no code more."""
    found, listed = said(), documented()
    assert len(found) > 40
    assert found - listed == set(), "said and not explained"
    assert listed - found == set(), "explained and never said"
