"""Fuzz one flow, or play one case again: see the package."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from engine.errors import TurnwiseError
from engine.testing.fuzz.campaign import Campaign, Found, Tally, load_flow, problem
from engine.testing.fuzz.cases import read_case


def main(arguments: list[str]) -> int:
    """Return 0 when every promise held, 1 when one is broken, 2 for a file that cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.testing.fuzz",
        description="Calls at random against flows, in virtual time: is one ever stuck, or silent?",
    )
    parser.add_argument("flows", nargs="*", help="flow files; none: only flows drawn at random")
    parser.add_argument("--turns", type=int, default=2_000, help="turns to take (2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first call (0)")
    parser.add_argument("--random-flows", type=int, default=0, help="draw so many flows (0)")
    parser.add_argument("--case", type=Path, help="play this case again, and nothing else")
    parser.add_argument("--out", type=Path, default=Path("broken.json"), help="of a broken case")
    given = parser.parse_args(arguments)
    try:
        return _again(given.case) if given.case is not None else _campaign(given)
    except (TurnwiseError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _campaign(given: argparse.Namespace) -> int:
    flows = {name: load_flow(name) for name in given.flows}
    drawn = given.random_flows or (0 if flows else 20)
    campaign = Campaign(flows, seed=given.seed, random_flows=drawn)
    start = time.perf_counter()
    found = campaign.run(given.turns)
    sys.stdout.write(report(campaign.tally, time.perf_counter() - start))
    if found is None:
        return 0
    given.out.write_text(found.case.text(), encoding="utf-8")
    sys.stdout.write(told(found, given.out))
    return 1


def _again(path: Path) -> int:
    case = read_case(path.read_text(encoding="utf-8"))
    found = problem(load_flow(case.flow), case)
    sys.stdout.write("Every promise holds.\n" if found is None else f"{found.broken}\n")
    return 0 if found is None else 1


def report(tally: Tally, seconds: float) -> str:
    """Return what was lived through, as text."""
    hours = tally.simulated / 3_600_000
    rate = tally.steps / seconds if seconds else 0
    lines = [
        f"{tally.turns} turns in {tally.calls} calls, {tally.steps} steps, {hours:.1f} hours of"
        f" calls in {seconds:.0f} s ({rate:.0f} steps a second)."
    ]
    lines += [f"  {count:>7}  {name}" for name, count in sorted(tally.done.items())]
    lines += [f"  {count:>7}  {name}" for name, count in sorted(tally.fates.items())]
    return "\n".join(lines) + "\n"


def told(found: Found, path: Path) -> str:
    """Return what was broken, as text."""
    return (
        f"\nBroken: {found.broken}\n\n{found.case.text()}\n"
        f"Play it again: python -m engine.testing.fuzz --case {path}\n"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
