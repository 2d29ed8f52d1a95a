"""The page comes with Turnwise, whole: nothing is fetched from anywhere else."""

from __future__ import annotations

import asyncio
import re

import pytest

from engine.pipeline.pipeline import Services
from engine.worker.flows import load_flow, shipped
from engine.worker.host import CallHost
from engine.worker.local import LocalRooms, pages
from media.clock import LoopClock
from media.errors import UnsafeBinding


def test_the_page_and_what_it_names_are_served() -> None:
    served = pages()

    assert served["/"].content_type == "text/html"
    html = served["/"].body.decode()
    named = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert set(named) - {"data:,"} == served.keys() - {"/"}


def test_nothing_comes_from_elsewhere_or_stands_inline() -> None:
    """The security policy of the server allows neither."""
    for path, page in pages().items():
        text = page.body.decode()
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//|@import|url\(", text), path
        assert " style=" not in text, path
        assert not re.search(r"<script>|\son\w+=\"", text), path


def test_every_element_the_script_asks_for_is_on_the_page() -> None:
    served = pages()
    there = set(re.findall(r'id="([^"]+)"', served["/"].body.decode()))

    assert set(re.findall(r'\$\("([^"]+)"\)', served["/assets/room.js"].body.decode())) <= there


def test_listening_beyond_this_machine_needs_a_token() -> None:
    async def work() -> None:
        clock = LoopClock()
        host = CallHost(load_flow(shipped("book_table.yaml")), Services, clock)
        with pytest.raises(UnsafeBinding):
            LocalRooms(host, clock, address="0.0.0.0")
        LocalRooms(host, clock, address="0.0.0.0", token="secret")

    asyncio.run(work())
