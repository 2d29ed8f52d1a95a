"""`[tool.turnwise]`: which findings are told, which fail, and what is wrong with the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.main import main
from engine.cli.repairing import repair
from engine.cli.settings import Project, SettingsError, told
from engine.cli.validate import known_providers
from engine.flow.loader import check_file

FLOW = """\
turnwise: 1
flow: hello
start: ask
vars: {spare: integer}
intents: {leaves: {means: wants to leave}}
states:
  ask: {confirm: "Is it **you**?", then: [{when: answer, to: bye}, {to: bye}]}
  bye: {say: Goodbye., end: hangup}
"""
"""TW209 (twice), TW502 and TW507."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows" / "old").mkdir(parents=True)
    for name in ("flows/new.yaml", "flows/old/a.yaml"):
        (tmp_path / name).write_text(FLOW)
    return tmp_path


def settings(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f'[project]\nname = "x"\n\n[tool.turnwise]\n{text}\n')


def codes(*arguments: str) -> tuple[int, list[str]]:
    """The exit code, and the codes that are told."""
    done = CliRunner().invoke(
        main,
        ["validate", *arguments, "--format", "concise"],
        standalone_mode=False,
        catch_exceptions=False,
    )
    found = [line.split("[")[1][:5] for line in done.output.splitlines() if "[TW" in line]
    return done.return_value, sorted(found)


@pytest.mark.usefixtures("project")
def test_without_settings_everything_is_told() -> None:
    assert codes("flows/new.yaml") == (0, ["TW209", "TW209", "TW502", "TW507"])


def test_select_takes_codes_and_prefixes(project: Path) -> None:
    settings(project, 'select = ["TW50", "TW3"]')
    assert codes("flows/new.yaml")[1] == ["TW502", "TW507"]


def test_extend_select_adds_to_select(project: Path) -> None:
    settings(project, 'select = ["TW507"]\nextend-select = ["TW2"]')
    assert codes("flows/new.yaml")[1] == ["TW209", "TW209", "TW507"]


def test_the_longer_of_two_choices_wins(project: Path) -> None:
    settings(project, 'ignore = ["TW5"]\nextend-select = ["TW502"]')
    assert codes("flows/new.yaml")[1] == ["TW209", "TW209", "TW502"]


def test_of_equal_choices_ignore_wins(project: Path) -> None:
    settings(project, 'select = ["TW5"]\nignore = ["TW5"]')
    assert codes("flows/new.yaml")[1] == []


def test_a_code_on_request_is_asked_for_by_name(project: Path) -> None:
    settings(project, 'extend-select = ["TW707"]')
    assert "TW707" in codes("flows/new.yaml")[1]


def test_a_prefix_does_not_ask_for_what_is_told_on_request(project: Path) -> None:
    settings(project, 'select = ["TW7"]')
    assert codes("flows/new.yaml")[1] == []


def test_strict_makes_warnings_fail_where_it_stands(project: Path) -> None:
    settings(project, "strict = true")
    assert codes("flows/new.yaml")[0] == 1
    settings(project, "strict = false")
    assert codes("flows/new.yaml")[0] == 0


@pytest.mark.parametrize("pattern", ["flows/old/*", "flows/*/a.yaml", "a.yaml"])
def test_codes_are_ignored_in_some_files(project: Path, pattern: str) -> None:
    settings(project, f'[tool.turnwise.per-file-ignores]\n"{pattern}" = ["TW2"]')
    assert codes("flows/old/a.yaml")[1] == ["TW502", "TW507"]
    assert len(codes("flows/new.yaml")[1]) == 4


def test_the_nearest_settings_count_and_no_others(project: Path) -> None:
    settings(project, 'select = ["TW2"]')
    (project / "flows/old/turnwise.toml").write_text('select = ["TW502"]\n')
    assert codes("flows/old/a.yaml")[1] == ["TW502"]
    assert codes("flows/new.yaml")[1] == ["TW209", "TW209"]


def test_a_pyproject_without_the_table_is_passed_over(project: Path) -> None:
    settings(project, 'select = ["TW2"]')
    (project / "flows/pyproject.toml").write_text('[project]\nname = "inner"\n')
    assert codes("flows/new.yaml")[1] == ["TW209", "TW209"]


def test_errors_are_told_whatever_is_chosen(project: Path) -> None:
    settings(project, 'select = ["TW507"]\nignore = ["TW2"]')
    (project / "flows/new.yaml").write_text(FLOW.replace("to: bye}]", "to: nowhere}]"))
    assert codes("flows/new.yaml") == (1, ["TW201", "TW507"])


def test_the_command_line_selects_instead_of_the_file(project: Path) -> None:
    settings(project, 'select = ["TW2"]\nignore = ["TW502"]')
    assert codes("flows/new.yaml", "--select", "TW502,TW507")[1] == ["TW502", "TW507"]
    assert codes("flows/new.yaml", "--extend-select", "TW507")[1] == ["TW209", "TW209", "TW507"]
    assert codes("flows/new.yaml", "--ignore", "TW209")[1] == []


def test_what_is_not_told_is_not_repaired(project: Path) -> None:
    settings(project, 'ignore = ["TW209"]')
    assert repair(["flows/new.yaml"], known_providers(), unsafe=True) == 0
    text = (project / "flows/new.yaml").read_text()
    assert "Is it you?" in text
    assert "spare" in text


def test_an_editor_tells_the_same_and_lives_with_bad_settings(project: Path) -> None:
    settings(project, 'select = ["TW507"]')
    result = check_file("flows/new.yaml")
    assert [found.code for found in told(result, Project()).diagnostics] == ["TW507"]
    settings(project, 'select = ["TW999"]')
    assert told(result, Project()).diagnostics == result.diagnostics


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('ignore = [\n  "TW505",\n  "TW999",\n]', "pyproject.toml:7: there is no code `TW999`"),
        ('select = ["TW2"]\nignore = ["unused"]', "pyproject.toml:6: `unused` is written `TW209`"),
        ('ignore = ["TW201"]', "pyproject.toml:5: `TW201` is an error and cannot be ignored"),
        ('selct = ["TW2"]', "pyproject.toml:5: unknown key `selct`; did you mean `select`?"),
        ('select = "TW2"', "pyproject.toml:5: `select` is a list of codes"),
        ("strict = 1", "pyproject.toml:5: `strict` is `true` or `false`"),
        ('per-file-ignores = ["x"]', "pyproject.toml:5: `per-file-ignores` is a table"),
        ('[tool.turnwise.per-file-ignores]\n"a" = ["TW3x"]', "pyproject.toml:6: there is no code"),
        ("select = ]", "pyproject.toml:5: this is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(
    project: Path, text: str, complaint: str
) -> None:
    settings(project, text)
    with pytest.raises(SettingsError) as raised:
        codes("flows/new.yaml")
    assert str(raised.value).startswith(complaint)


@pytest.mark.usefixtures("project")
def test_an_unknown_code_of_an_option_is_told() -> None:
    with pytest.raises(SettingsError, match="--ignore: there is no code `TW31x`"):
        codes("flows/new.yaml", "--ignore", "TW31x")
