"""The tools of `order_pizza.yaml`: a price list, and a kitchen kept in memory.

A model reads the first paragraph of a tool's docstring, so it says what the tool is for.
"""

from __future__ import annotations

import itertools
from typing import Literal

Pizza = Literal["margherita", "funghi", "salami"]
Size = Literal["small", "large"]

_PRICES = {"margherita": 8.0, "funghi": 9.5, "salami": 9.0}
_LARGE = 3.0
_numbers = itertools.count(1)


def price(pizza: Pizza, size: Size) -> float:
    """Look up what a pizza costs, in euros."""
    return _PRICES[pizza] + (_LARGE if size == "large" else 0.0)


def place_order(pizza: Pizza, size: Size, name: str) -> dict[str, int]:
    """Send the order to the kitchen."""
    return {"number": next(_numbers), "minutes": 20}
