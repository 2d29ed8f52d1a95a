"""How values behave in expressions: null, bounded arithmetic, and the functions.

Null ("empty") is first-class: arithmetic with null is null, an order comparison with null is
false, nothing is in null. Everything is bounded, so that no guard can eat memory or time: whole
numbers by `MAX_NUMBER`, text and lists by `MAX_SIZE`. What has no meaning raises `TypeError`,
`ValueError` or an `ArithmeticError`, which `expressions` turns into `EvaluationError`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from engine.flow.patterns import compile_pattern

MAX_NUMBER = 10**18
MAX_SIZE = 10_000

Names: TypeAlias = Mapping[str, Any]
Operation: TypeAlias = Callable[[Any, Any], Any]

_NUMBERS = (int, float)


# --- parts ---------------------------------------------------------------------------------------


def part(whole: Any, key: str | int) -> Any:
    """`whole.key` and `whole[key]`: null where there is no such part."""
    if whole is None:
        return None
    if isinstance(whole, str):
        raise TypeError(f"a text has no part `{key}`")
    try:
        return whole[key]
    except (KeyError, IndexError):
        return None


# --- arithmetic ----------------------------------------------------------------------------------


def _bounded(value: float) -> float:
    within = abs(value) <= MAX_NUMBER if type(value) is int else math.isfinite(value)
    if not within:
        raise OverflowError("the number is too large")
    return value


def add(left: Any, right: Any) -> Any:
    """`+`: numbers, texts, lists, instants and lengths of time."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _bounded(left + right)
    if left is None or right is None:
        return None
    if type(left) is type(right) and isinstance(left, (str, list)):
        if len(left) + len(right) > MAX_SIZE:
            raise OverflowError("the value is too long")
        return left + right
    if isinstance(left, time) and isinstance(right, timedelta):
        return _moved(left, right)
    if isinstance(right, (time, date)) and isinstance(left, timedelta):
        return add(right, left)
    if isinstance(left, (date, timedelta)) and isinstance(right, timedelta):
        return left + right
    raise TypeError(f"cannot add {_kind(left)} and {_kind(right)}")


def subtract(left: Any, right: Any) -> Any:
    """`-`: numbers, instants and lengths of time."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _bounded(left - right)
    if left is None or right is None:
        return None
    if isinstance(left, time) and isinstance(right, timedelta):
        return _moved(left, -right)
    if isinstance(left, time) and isinstance(right, time):
        return _since_midnight(left) - _since_midnight(right)
    if isinstance(left, (date, timedelta)) and isinstance(right, (date, timedelta)):
        return left - right  # type: ignore[operator]  # wrong pairs raise TypeError, as promised
    raise TypeError(f"cannot subtract {_kind(right)} from {_kind(left)}")


def multiply(left: Any, right: Any) -> Any:
    """`*`: numbers, and lengths of time by numbers. Never a text or a list."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _bounded(left * right)
    if left is None or right is None:
        return None
    for length, factor in ((left, right), (right, left)):
        if isinstance(length, timedelta) and type(factor) in _NUMBERS:
            return length * factor
    raise TypeError(f"cannot multiply {_kind(left)} and {_kind(right)}")


def divide(left: Any, right: Any) -> Any:
    """`/`: numbers, and lengths of time by numbers or by one another."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _bounded(left / right)
    if left is None or right is None:
        return None
    if isinstance(left, timedelta) and type(right) in (int, float, timedelta):
        return left / right
    raise TypeError(f"cannot divide {_kind(left)} by {_kind(right)}")


def negate(value: Any) -> Any:
    """Unary `-`."""
    if value is None:
        return None
    if type(value) in _NUMBERS or isinstance(value, timedelta):
        return -value
    raise TypeError(f"cannot negate {_kind(value)}")


def _since_midnight(value: time) -> timedelta:
    return timedelta(
        hours=value.hour,
        minutes=value.minute,
        seconds=value.second,
        microseconds=value.microsecond,
    )


def _moved(value: time, by: timedelta) -> time:
    # Going past midnight would make `time + hours(2) <= closing` true by accident: refused.
    moved = _since_midnight(value) + by
    if not timedelta() <= moved < timedelta(days=1):
        raise ValueError("the time of day would pass midnight")
    return (datetime.min + moved).time()


def _kind(value: Any) -> str:
    return "true or false" if isinstance(value, bool) else type(value).__name__


# --- comparison ----------------------------------------------------------------------------------


# An order comparison with null is false. Written out four times: a guard costs one call less.


def less(left: Any, right: Any) -> Any:
    """`<`."""
    return left is not None and right is not None and left < right


def at_most(left: Any, right: Any) -> Any:
    """`<=`."""
    return left is not None and right is not None and left <= right


def more(left: Any, right: Any) -> Any:
    """`>`."""
    return left is not None and right is not None and left > right


def at_least(left: Any, right: Any) -> Any:
    """`>=`."""
    return left is not None and right is not None and left >= right


def contained(left: Any, right: Any) -> bool:
    """`in`: nothing is in null."""
    return right is not None and left in right


def not_contained(left: Any, right: Any) -> bool:
    """`not in`."""
    return not contained(left, right)


COMPARE: dict[str, Operation] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": less,
    "LtE": at_most,
    "Gt": more,
    "GtE": at_least,
    "In": contained,
    "NotIn": not_contained,
}
COMPUTE: dict[str, Operation] = {
    "Add": add,
    "Sub": subtract,
    "Mult": multiply,
    "Div": divide,
}


# --- functions -----------------------------------------------------------------------------------
# Each takes the names of the evaluation and the arguments. Arity is judged when parsing.


def _today(names: Names) -> Any:
    return names["now"].date()


def _now(names: Names) -> Any:
    return names["now"]


def _length(unit: str) -> Callable[[Names, Any], Any]:
    def run(names: Names, amount: Any) -> Any:
        if amount is None:
            return None
        if type(amount) not in _NUMBERS:
            raise TypeError(f"`{unit}` takes a number, not {_kind(amount)}")
        return timedelta(**{unit: amount})

    return run


def _len(names: Names, value: Any) -> Any:
    return 0 if value is None else len(value)


def _lower(names: Names, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"`lower` takes a text, not {_kind(value)}")
    return value.lower()


def _contains(names: Names, whole: Any, part: Any) -> Any:
    if whole is None or part is None:
        return False
    return part in whole


def _matches(names: Names, text: Any, pattern: str) -> Any:
    if text is None:
        return False
    if not isinstance(text, str):
        raise TypeError(f"`matches` takes a text, not {_kind(text)}")
    return compile_pattern(pattern).matches(text)


def _changed(names: Names, *slots: str) -> Any:
    changed = names["changed"]
    return any(slot in changed for slot in slots) if slots else bool(changed)


def _filled(names: Names, *values: Any) -> Any:
    return all(value is not None for value in values)


def _extreme(choose: Callable[[Any], Any]) -> Callable[..., Any]:
    def run(names: Names, *values: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], (list, tuple)):
            values = tuple(values[0])
        if not values or any(value is None for value in values):
            return None
        return choose(values)

    return run


def _round(names: Names, value: Any, digits: Any = 0) -> Any:
    """Half goes away from zero, as people round; Python would make 2.5 a 2."""
    if value is None or digits is None:
        return None
    if type(value) not in _NUMBERS or type(digits) is not int or not 0 <= digits <= 10:
        raise TypeError("`round` takes a number and up to 10 digits")
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return float(rounded) if digits else int(rounded)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "today": _today,
    "now": _now,
    "days": _length("days"),
    "hours": _length("hours"),
    "minutes": _length("minutes"),
    "len": _len,
    "lower": _lower,
    "contains": _contains,
    "matches": _matches,
    "changed": _changed,
    "filled": _filled,
    "min": _extreme(min),
    "max": _extreme(max),
    "round": _round,
}
