"""100,000 turns at random, in virtual time, over every flow that is shipped and many at random.

    python bench/fuzz.py                      100,000 turns, seed 0: some minutes
    python bench/fuzz.py --turns 5000 --seed 7

Nothing is measured but the promises of `engine.testing.fuzz.invariants`: none stuck, none silent
without a cause, no word lost, none in the history that was not heard. It prints what was lived
through. A call that breaks a promise is made as short as it gets, printed, and written to a file
that `python -m engine.testing.fuzz --case FILE` plays again; the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.testing.fuzz.__main__ import main

FLOWS = Path(__file__).parents[1] / "flows"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--random-flows", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("broken.json"))
    given = parser.parse_args()
    shipped = sorted(path for path in FLOWS.glob("*.yaml") if not path.stem.endswith(".tests"))
    options = {
        "--turns": given.turns,
        "--seed": given.seed,
        "--random-flows": given.random_flows,
        "--out": given.out,
    }
    flags = [str(part) for option in options.items() for part in option]
    sys.exit(main([*map(str, shipped), *flags]))
