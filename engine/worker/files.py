"""Whether the files that a flow names are there, for its validator."""

from __future__ import annotations

import os

MOST_NEAR = 200
"""Names of a folder that are looked at for the one that was meant."""


def find_file(flow: str, written: str, folder: bool) -> tuple[str, ...] | None:
    """Look for a file a flow names; None where it is there, else what is in its place.

    Args:
        flow: the path of the flow, to whose folder the name is relative.
        written: as it stands in the flow.
        folder: a folder is looked for, and not a file.

    Returns:
        The names of the files, or folders, beside the place where it should be, as the flow would
        write them.
    """
    root = os.path.dirname(flow)
    path = os.path.join(root, written)
    there = os.path.isdir if folder else os.path.isfile
    if there(path):
        return None
    around = os.path.dirname(written.rstrip("/"))
    try:
        names = sorted(os.listdir(os.path.join(root, around) or "."))[:MOST_NEAR]
    except OSError:
        return ()
    found = (os.path.join(around, name) for name in names if not name.startswith("."))
    return tuple(name for name in found if there(os.path.join(root, name)))
