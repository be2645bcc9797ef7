"""Shops to report on, closed after the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reports.shops import Row, Shop, hostile_shop, make_shop

MakeShop = Callable[..., Shop]


@pytest.fixture
def shop_of(tmp_path: Path, own_home: Path) -> Iterator[MakeShop]:
    """Makes a shop of rows; settings as of `make_shop`."""
    made: list[Shop] = []

    def make(rows: list[Row], **settings: Any) -> Shop:
        made.append(make_shop(tmp_path / f"shop-{len(made)}", rows, **settings))
        return made[-1]

    yield make
    for shop in made:
        shop.history.close()


@pytest.fixture
def hostile(tmp_path: Path, own_home: Path) -> Iterator[Shop]:
    """A shop in which everything foreign is hostile; its key is `sk-canary-5e1f0aa9c3d7`."""
    shop = hostile_shop(tmp_path / "hostile", secrets=["sk-canary-5e1f0aa9c3d7"])
    yield shop
    shop.history.close()
