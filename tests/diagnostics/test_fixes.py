"""What `--fix --unsafe-fixes` makes of each bad file that can be repaired: the file in `fixed/`.

After a change, `UPDATE_DIAGNOSTICS=1 pytest tests/diagnostics` writes them anew; read the
difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.flow.catalogue import Catalogue
from engine.flow.fixing import fix_text
from engine.flow.loader import LoadResult, check_text

HERE = Path(__file__).parent
FIXED = HERE / "fixed"
BAD = sorted((HERE / "bad").glob("*.yaml"))
CATALOGUE = Catalogue(
    providers=dict.fromkeys(("stt", "llm", "tts", "vad", "turn_detector"), ("embedded", "scripted"))
)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_repaired_exactly_so(path: Path) -> None:
    def check(text: str) -> LoadResult:
        return check_text(text, path.name, CATALOGUE, folder=path.parent, root=HERE)

    text = path.read_bytes().decode("utf-8")
    fixed = fix_text(text, check, unsafe=True)
    expected = FIXED / path.name
    if os.environ.get("UPDATE_DIAGNOSTICS"):
        expected.unlink(missing_ok=True)
        if fixed.text != text:
            expected.write_bytes(fixed.text.encode("utf-8"))
    wanted = expected.read_bytes().decode("utf-8") if expected.exists() else text
    assert fixed.text == wanted


def test_there_is_no_repaired_file_without_a_bad_one() -> None:
    assert {path.name for path in FIXED.glob("*.yaml")} <= {path.name for path in BAD}
