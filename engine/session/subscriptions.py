"""Who is told what happens in a call: any callable, sync or async, by the name of the event.

A plain function is called where the call lives, between two steps, and must not keep it. What an
async one has to do is done by a task of that handler, one notice after the other: handlers never
overtake themselves. A handler that raises is reported (`error.handler`); it ends nothing.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from engine.core.step import Step
from engine.pipeline.stage import describe
from media.tasks import TaskOwner, being_cancelled

if TYPE_CHECKING:
    from engine.session.notices import Fold, Notice  # most programs ask for none

Handler = Callable[..., Any]
"""Called with the notice; one that takes no argument is called without."""

HANDLING: ContextVar[Subscriptions] = ContextVar("turnwise.handling")
"""Those whose async handler this code runs in; whatever that starts carries it along."""

_PATIENCE = 5.0
"""Seconds handlers may still work when the call is over."""

_log = logging.getLogger("turnwise.session")


class Subscription:
    """One handler of one name."""

    def __init__(self, name: str, handler: Handler) -> None:
        self.name = name
        self.handler = handler
        self.work: deque[tuple[Notice, Awaitable[Any]]] = deque()
        self.busy = False
        self._given = _takes_one(handler)

    def call(self, notice: Notice) -> Any:
        """Call it; an async one gives what is to be awaited."""
        return self.handler(notice) if self._given else self.handler()


class Subscriptions:
    """The handlers of one session.

    Args:
        failed: told when a handler raised: the name of its event, and what it raised.
        past: gives the latest steps, for a handler that comes in the middle of the call.
    """

    def __init__(
        self, failed: Callable[[str, str], None], past: Callable[[], Sequence[Step]]
    ) -> None:
        self._failed = failed
        self._past = past
        self._by_name: dict[str, list[Subscription]] = {}
        self.fold: Fold | None = None
        """Makes notices of steps; None: there are no handlers, and no step has to be seen."""
        self._tasks = TaskOwner(lambda error: _log.error("a handler broke: %s", describe(error)))

    def add(self, name: str, handler: Handler) -> Callable[[], None]:
        """Call `handler` whenever this happens; return what ends that.

        Raises:
            ValueError: nothing of that name ever happens.
            TypeError: it cannot be called.
        """
        from engine.session.notices import NAMES, Fold

        if name not in NAMES:
            raise ValueError(f"there is no event {name!r}; there are {', '.join(NAMES)}")
        if not callable(handler):
            raise TypeError(f"{handler!r} cannot be called")
        if self.fold is None:
            self.fold = Fold()
            for step in self._past():
                self.fold.skip(step)
        subscription = Subscription(name, handler)
        self._by_name.setdefault(name, []).append(subscription)

        def end() -> None:
            if subscription in self._by_name[name]:
                self._by_name[name].remove(subscription)

        return end

    def saw(self, step: Step) -> None:
        """Tell everybody what the next step of the call means."""
        if self.fold is None:
            return
        for notice in self.fold.of(step):
            for subscription in tuple(self._by_name.get(notice.name, ())):
                self._tell(subscription, notice)

    async def aclose(self) -> None:
        """Let handlers finish what they are at, within a limit."""
        if len(self._tasks):
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._tasks.join()
            except TimeoutError:
                _log.warning("a handler did not end within %g s", _PATIENCE)
        await self._tasks.aclose()

    def _tell(self, subscription: Subscription, notice: Notice) -> None:
        try:
            outcome = subscription.call(notice)
        except (Exception, asyncio.CancelledError) as error:
            # a program's own code may raise anything; the call goes on
            self._report(subscription, notice, error)
            return
        if inspect.isawaitable(outcome):
            self._await(subscription, notice, outcome)

    def _await(self, subscription: Subscription, notice: Notice, outcome: Awaitable[Any]) -> None:
        subscription.work.append((notice, outcome))
        if not subscription.busy:
            subscription.busy = True
            self._tasks.start(self._work(subscription), f"on {subscription.name}")

    async def _work(self, subscription: Subscription) -> None:
        HANDLING.set(self)
        try:
            while subscription.work:
                await self._guarded(subscription, *subscription.work.popleft())
        finally:
            subscription.busy = False
            for _, left in subscription.work:  # the call has ended before its turn came
                if inspect.iscoroutine(left):
                    left.close()
            subscription.work.clear()

    async def _guarded(
        self, subscription: Subscription, notice: Notice, outcome: Awaitable[Any]
    ) -> None:
        try:
            await outcome
        except Exception as error:  # as above
            self._report(subscription, notice, error)
        except asyncio.CancelledError as error:
            if being_cancelled():
                raise
            self._report(subscription, notice, error)

    def _report(self, subscription: Subscription, notice: Notice, error: BaseException) -> None:
        from engine.session.notices import ErrorTold

        _log.error("the handler of %r raised: %s", subscription.name, describe(error))
        if isinstance(notice, ErrorTold) and notice.error == "error.handler":
            return  # it would be told of its own failure for ever
        self._failed(subscription.name, describe(error))


def _takes_one(handler: Handler) -> bool:
    """Say whether a notice can be given to it; what has no signature is given one."""
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(object())
    except TypeError:
        return False
    return True
