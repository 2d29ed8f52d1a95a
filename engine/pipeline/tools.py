"""Runs the tools of a flow: plain Python functions, sync or async, named by import path.

Arguments come as JSON-like data and are converted by the function's own type hints (ISO text to
dates and times, for example). What it returns must be data again: numbers, text, lists, maps,
dataclasses, pydantic models, dates. Every call is answered by exactly one `ToolReturned`, unless it
was cancelled; the time limit is the conversation's business.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from contextvars import ContextVar, copy_context
from typing import Any, ParamSpec, TypeVar

from pydantic import ConfigDict, validate_call

from engine.errors import ConfigurationError
from engine.events import ToolReturned
from engine.pipeline.data import plain
from engine.pipeline.stage import Post, SessionTime, Stage, describe
from media.tasks import being_cancelled

CALL: ContextVar[str] = ContextVar("turnwise.call", default="")
"""The id of the call a tool carries out; whatever it starts carries it along."""

P = ParamSpec("P")
T = TypeVar("T")

_PYTHON = "python:"
_GRACE = 3.0
"""Seconds a call may still take when the session closes."""

_LONGEST_DESCRIPTION = 500
"""Characters a model is told about a tool."""

_KEY = "idempotency_key"
"""A tool that has this parameter is given the call's key."""


class Tools(Stage):
    """The tools of one call.

    Args:
        functions: functions by their `use` string; they win over the import path. For tests, and
            for programs that build their tools.
        post: the way into the mailbox.
        time: the session's time.
    """

    def __init__(
        self, functions: Mapping[str, Callable[..., Any]], post: Post, time: SessionTime
    ) -> None:
        super().__init__("tool", post, time)
        self._functions = dict(functions)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._threads = _DaemonThreads()

    def resolve(self, uses: Iterable[str]) -> None:
        """Import the functions the flow may call, before the call starts.

        A tool of another scheme that no function was given for fails when it is called.

        Raises:
            ConfigurationError: a function does not exist.
        """
        for use in uses:
            if use not in self._functions and use.startswith(_PYTHON):
                self._functions[use] = imported(use)

    def described(self, use: str) -> str:
        """Return the first paragraph of what a tool's function says of itself, for a model."""
        function = self._functions.get(use)
        text = inspect.getdoc(function) if function is not None else None
        return " ".join((text or "").split("\n\n")[0].split())[:_LONGEST_DESCRIPTION]

    def call(self, call: str, use: str, args: Mapping[str, Any], key: str) -> None:
        """Start a tool; answered by `ToolReturned`.

        Args:
            call: id of this call.
            use: which tool: `python:package.module.function`.
            args: JSON-like data, by parameter.
            key: the same for every attempt of one intention.
        """
        running = self._run(call, use, args, key)
        self._running[call] = self.tasks.start(running, f"tool {use} ({call})")

    def cancel(self, call: str) -> None:
        """Stop waiting for a call; an async tool is cancelled, a thread is left to itself."""
        task = self._running.pop(call, None)
        if task is not None:
            self.tasks.cancel(task)

    async def aclose(self) -> None:
        """Let calls that nobody cancelled finish, within a limit: they may be changing the world.

        The conversation has cancelled every call it may cancel when it left the state.
        """
        if self._running:
            await asyncio.wait(self._running.values(), timeout=_GRACE)
        await super().aclose()

    async def _run(self, call: str, use: str, args: Mapping[str, Any], key: str) -> None:
        value, error = None, None
        CALL.set(call)
        try:
            function = self._functions[use] if use in self._functions else imported(use)
            value = plain(await invoke(function, args, key, self._threads), "result")
        except Exception as problem:  # a tool may raise anything; the flow decides
            error = describe(problem)
        except asyncio.CancelledError as problem:
            if being_cancelled():
                raise
            error = describe(problem)  # what the tool has waited for was cancelled
        self._running.pop(call, None)
        self.post(ToolReturned(at=self.time.now(), call=call, value=value, error=error))


class _DaemonThreads(Executor):
    """One daemon thread per call: a tool that hangs for ever cannot keep the process alive."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` in a thread of its own."""
        future: Future[T] = Future()

        def run() -> None:
            future.set_running_or_notify_cancel()  # from now on a cancel only stops the waiting
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # handed to whoever waits
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, name="turnwise tool", daemon=True).start()
        return future


async def invoke(
    function: Callable[..., Any],
    given: Mapping[str, Any],
    key: str,
    threads: Executor | None = None,
) -> Any:
    """Call a tool with arguments converted by its type hints, and return what it gives.

    Args:
        function: sync or async.
        given: JSON-like data, by parameter.
        key: the idempotency key, for a tool that has such a parameter.
        threads: where a sync function runs; None: right here.

    Raises:
        Exception: whatever the tool raises, and pydantic's error for arguments that do not fit.
    """
    parameters = inspect.signature(function).parameters
    # what is left empty falls back on the default the function has for it
    args = {
        name: value
        for name, value in given.items()
        if value is not None or _needed(parameters, name)
    }
    if _KEY in parameters:
        args[_KEY] = key
    checked = validate_call(config=ConfigDict(arbitrary_types_allowed=True))(function)
    if inspect.iscoroutinefunction(function):
        return await checked(**args)
    if threads is None:
        value: Any = checked(**args)
    else:
        loop = asyncio.get_running_loop()
        context = copy_context()  # the session the tool belongs to goes along
        value = await loop.run_in_executor(threads, lambda: context.run(lambda: checked(**args)))
    return await value if inspect.isawaitable(value) else value


def _needed(parameters: Mapping[str, inspect.Parameter], name: str) -> bool:
    return name not in parameters or parameters[name].default is inspect.Parameter.empty


def imported(use: str) -> Callable[..., Any]:
    """Find the function a tool names.

    Raises:
        ConfigurationError: there is none, or the scheme is unknown.
    """
    if not use.startswith(_PYTHON):
        scheme = use.partition(":")[0]
        raise ConfigurationError(
            f"nothing here calls tools of `{scheme}:` ({use}); only functions are called,"
            " `python:package.module.function`"
        )
    module_name, _, name = use.removeprefix(_PYTHON).rpartition(".")
    try:
        function = getattr(importlib.import_module(module_name), name)
    except Exception as error:  # importing runs the author's code, which may raise anything
        raise ConfigurationError(f"tool {use!r} cannot be imported: {describe(error)}") from error
    if not callable(function):
        raise ConfigurationError(f"tool {use!r} is not a function")
    return function  # type: ignore[no-any-return]
