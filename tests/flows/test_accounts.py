"""What nobody may do with a PIN is refused by the bank, whatever a flow asks."""

import asyncio

import pytest

from flows import accounts
from flows.accounts import Account


@pytest.fixture
def account(monkeypatch):
    ann = Account(phone="0301234567", pin="2580")
    locked = Account(phone="0307654321", pin="1739", locked=True)
    monkeypatch.setattr(accounts, "ACCOUNTS", {"10044": ann, "10055": locked})
    return ann


def test_a_code_sets_one_pin_and_is_used_up(account):
    assert asyncio.run(accounts.send_code("10044")) == {"sent": True}
    code = account.code

    assert accounts.check_code("10044", code) == {"right": True}
    assert asyncio.run(accounts.set_pin("10044", code, "2918")) == {"done": True}
    assert account.pin == "2918"
    assert asyncio.run(accounts.set_pin("10044", code, "7777")) == {"done": False}


@pytest.mark.parametrize("customer", ["10044", "99999"])
def test_without_a_code_no_pin_is_set(account, customer):
    assert asyncio.run(accounts.set_pin(customer, "000000", "2918")) == {"done": False}
    assert account.pin == "2580"


@pytest.mark.parametrize("customer", ["10055", "99999"])
def test_nothing_is_sent_to_a_locked_or_unknown_customer(account, customer):
    assert asyncio.run(accounts.send_code(customer)) == {"sent": False}


def test_only_the_end_of_the_phone_is_told(account):
    assert accounts.find_customer("10044") == {"status": "known", "ending": "67"}
    assert accounts.find_customer("10055") == {"status": "locked", "ending": "21"}
    assert accounts.find_customer("99999") == {"status": "unknown", "ending": None}
