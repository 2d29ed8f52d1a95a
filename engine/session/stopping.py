"""Signals that end a call: the first asks politely, the second insists."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(ask: Callable[[str], None], insist: Callable[[], None]) -> Iterator[None]:
    """Let SIGINT and SIGTERM end a call for as long as this lasts.

    Outside the main thread, where Python takes no signals, nothing is changed.

    Args:
        ask: told the name of the first signal.
        insist: called at each further one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    asked = False

    def stop(name: str) -> None:
        nonlocal asked
        if asked:
            insist()
        else:
            asked = True
            ask(name)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
