"""The mailbox gives events in order, and wakes whoever waits for them."""

import asyncio

import pytest

from engine.events import CloseRequested, ToolReturned
from engine.session.mailbox import Mailbox
from engine.testing.loop import DeadlockError, run_virtual

FIRST, SECOND = (CloseRequested(at=at, reason="test") for at in (1, 2))


def test_events_are_taken_in_the_order_in_which_they_came():
    async def talk():
        mailbox = Mailbox()
        mailbox.put(FIRST)
        mailbox.put(SECOND)
        return mailbox.take(), mailbox.take(), bool(mailbox)

    assert run_virtual(talk()) == (FIRST, SECOND, False)


def test_what_no_journal_could_take_is_a_question_mark_for_the_conversation_too():
    mailbox = Mailbox()
    mailbox.put(ToolReturned(at=1, call="t1", value={"name": "half \ud83d", "size": 4}))

    assert mailbox.take() == ToolReturned(at=1, call="t1", value={"name": "half ?", "size": 4})


def test_an_event_ends_the_wait_at_once():
    async def talk():
        loop, mailbox = asyncio.get_running_loop(), Mailbox()
        began = loop.time()
        loop.call_later(2, mailbox.put, FIRST)
        await mailbox.wait(60)
        return loop.time() - began, mailbox.take()

    assert run_virtual(talk()) == (2, FIRST)


def test_the_wait_ends_with_its_time_and_brings_nothing():
    async def talk():
        loop, mailbox = asyncio.get_running_loop(), Mailbox()
        began = loop.time()
        await mailbox.wait(60)
        return loop.time() - began, bool(mailbox)

    assert run_virtual(talk()) == (60, False)


def test_the_reader_can_be_woken_without_an_event():
    async def talk():
        loop, mailbox = asyncio.get_running_loop(), Mailbox()
        loop.call_later(3, mailbox.wake)
        await mailbox.wait(None)
        return loop.time(), bool(mailbox)

    at, more = run_virtual(talk())
    assert (at >= 3, more) == (True, False)


def test_the_alarm_of_a_wait_that_is_over_ends_no_other():
    async def talk():
        loop, mailbox = asyncio.get_running_loop(), Mailbox()
        began = loop.time()
        loop.call_later(1, mailbox.wake)
        await mailbox.wait(2)
        await mailbox.wait(60)
        return loop.time() - began

    assert run_virtual(talk()) == 61


def test_no_alarm_is_left_where_nobody_waits_any_more():
    async def talk():
        loop, mailbox = asyncio.get_running_loop(), Mailbox()
        loop.call_later(1, mailbox.wake)
        await mailbox.wait(60)
        mailbox.quiet()
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match="nothing is scheduled at 1001"):
        run_virtual(talk())
