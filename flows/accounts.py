"""The tools of `password_reset.yaml`: a bank of two customers, kept in memory.

What a caller must not be able to do is refused here, not only in the flow: a new PIN needs the code
that was sent, and a code is worth nothing once it was used.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass


@dataclass(slots=True)
class Account:
    """What the bank knows of a customer."""

    phone: str
    pin: str
    locked: bool = False
    code: str | None = None
    """The code that was sent last and is not used yet."""


ACCOUNTS: dict[str, Account] = {
    "10044": Account(phone="0301234567", pin="2580"),
    "10055": Account(phone="0307654321", pin="1739", locked=True),
}


def find_customer(customer: str) -> dict[str, str | None]:
    """Tell whether a customer is known, and the last two digits of the phone a code would go to."""
    account = ACCOUNTS.get(customer)
    if account is None:
        return {"status": "unknown", "ending": None}
    return {"status": "locked" if account.locked else "known", "ending": account.phone[-2:]}


async def send_code(customer: str) -> dict[str, bool]:
    """Send a fresh code of six digits; the one before it is worth nothing from now on."""
    account = ACCOUNTS.get(customer)
    if account is None or account.locked:
        return {"sent": False}
    account.code = f"{secrets.randbelow(1_000_000):06d}"
    return {"sent": True}


def check_code(customer: str, code: str) -> dict[str, bool]:
    """Compare a code with the one sent, in a time that does not tell how much of it fits."""
    account = ACCOUNTS.get(customer)
    sent = account.code if account is not None else None
    return {"right": sent is not None and hmac.compare_digest(sent, code)}


async def set_pin(customer: str, code: str, pin: str) -> dict[str, bool]:
    """Set the new PIN, if the code is right, and use the code up."""
    if not check_code(customer, code)["right"]:
        return {"done": False}
    account = ACCOUNTS[customer]
    account.pin, account.code = pin, None
    return {"done": True}
