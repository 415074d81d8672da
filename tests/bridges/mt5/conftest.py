"""A trader on each kind of account, in virtual time."""

from __future__ import annotations

import pytest
from support.mt5_trader import KINDS, Trader, World, server_of


@pytest.fixture(params=KINDS)
def kind(request):
    """Name one kind of account."""
    return request.param


@pytest.fixture
def trader(kind):
    """Give a trader on a venue that is up."""
    return Trader(World(server_of(kind)))
