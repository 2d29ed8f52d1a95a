"""The mailbox gives events in order, and wakes whoever waits for them."""

import asyncio

from engine.events import CloseRequested
from engine.session.mailbox import Mailbox
from engine.testing.loop import run_virtual

FIRST, SECOND = (CloseRequested(at=at, reason="test") for at in (1, 2))


def test_events_are_taken_in_the_order_in_which_they_came():
    async def talk():
        mailbox = Mailbox()
        mailbox.put(FIRST)
        mailbox.put(SECOND)
        return mailbox.take(), mailbox.take(), bool(mailbox)

    assert run_virtual(talk()) == (FIRST, SECOND, False)


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
