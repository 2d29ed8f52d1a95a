"""What `turnwise validate` looks up outside of the files: functions, and older versions in git.

Tools run the author's code when they are imported, so that happens in a process of its own: what it
prints, changes or ends does not reach the command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from engine.cli.services import described
from engine.cli.settings import Project
from engine.flow.catalogue import Parameter, Signature
from engine.flow.loader import LoadResult, judge, load
from engine.flow.model import Flow
from engine.flow.source import Source, read_source

IMPORT_LIMIT_S = 30.0
"""A tool whose module takes longer to import would keep a caller waiting as well."""

_SKIPPED = ("node_modules", "__pycache__", "site-packages")

_PROBE = r"""
import importlib, inspect, json, sys, types, typing
wanted = json.load(sys.stdin)
out, sys.stdout = sys.stdout, sys.stderr
sys.path += wanted["folders"]

def name_of(kind):
    parts = [p for p in typing.get_args(kind) if p is not type(None)]
    if typing.get_origin(kind) in (typing.Union, types.UnionType) and len(parts) == 1:
        return name_of(parts[0])
    origin = typing.get_origin(kind)
    if origin is list:
        return "list"
    plain = isinstance(kind, type) and origin is None and kind is not inspect.Parameter.empty
    return kind.__name__ if plain else ""

def look(use):
    module, _, name = use.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except AttributeError:
        return {"failure": f"`{module}` has no `{name}`"}
    except BaseException as error:
        return {"failure": f"{type(error).__name__}: {error}".split("\n")[0]}
    if not callable(found):
        return {"failure": f"`{name}` is not a function"}
    try:
        signature = inspect.signature(found, eval_str=True)
    except Exception:
        try:
            signature = inspect.signature(found)
        except Exception:
            return {"open": True, "parameters": {}}
    parameters, is_open = {}, False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            is_open = True
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            required = parameter.default is parameter.empty
            parameters[parameter.name] = [name_of(parameter.annotation), required]
    return {"open": is_open, "parameters": parameters}

json.dump({use: look(use) for use in wanted["uses"]}, out)
"""


def flow_files(paths: Iterable[str]) -> Iterator[str]:
    """The files that are meant: a folder stands for all flows, fragments and tests below it."""
    for path in paths:
        if path == "-" or not os.path.isdir(path):
            yield path
            continue
        for folder, inner, names in os.walk(path):
            inner[:] = sorted(n for n in inner if not n.startswith(".") and n not in _SKIPPED)
            for name in sorted(names):
                file = os.path.normpath(os.path.join(folder, name))
                regular = name.endswith((".yaml", ".yml")) and os.path.isfile(file)
                if regular and _is_ours(file):
                    yield file


def _is_ours(file: str) -> bool:
    """Whether a file says that it is of this language; other YAML is left alone."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return file.endswith(".tests.yaml") or text.startswith("turnwise:") or "\nturnwise:" in text


# --- tools ----------------------------------------------------------------------------------------


def signatures(paths: Sequence[str], project: Project | None = None) -> dict[str, Signature]:
    """What the functions and services of all tools in these files take, by what `use:` says."""
    found: dict[str, Signature] = {}
    functions: dict[str, None] = {}
    for path in paths:
        services = (project or Project()).of(path).services
        for source in load(path).sources.values():
            for use in _uses(source):
                signature = described(use, services)
                if use.startswith("python:"):
                    functions[use] = None
                elif signature is not None:
                    found[use] = signature
    if functions:
        folders = dict.fromkeys(os.path.dirname(os.path.realpath(path)) for path in paths)
        found |= _probe(list(functions), list(folders))
    return found


def _uses(source: Source) -> Iterator[str]:
    tools = source.data.get("tools") if isinstance(source.data, dict) else None
    for tool in tools.values() if isinstance(tools, dict) else ():
        use = tool.get("use") if isinstance(tool, dict) else None
        if isinstance(use, str):
            yield use


def _probe(uses: list[str], folders: list[str]) -> dict[str, Signature]:
    names = {use.removeprefix("python:"): use for use in uses}
    wanted = json.dumps({"folders": folders, "uses": list(names)})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _PROBE],
            input=wanted,
            capture_output=True,
            text=True,
            timeout=IMPORT_LIMIT_S,
            check=False,
        )
        found: Any = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        failure = f"importing the tools took longer than {IMPORT_LIMIT_S:g} seconds"
        return dict.fromkeys(uses, Signature(failure=failure))
    except ValueError:
        failure = "importing the tools ended the process"
        return dict.fromkeys(uses, Signature(failure=failure))
    return {use: _signature(found[name]) for name, use in names.items()}


def _signature(found: Mapping[str, Any]) -> Signature:
    if "failure" in found:
        return Signature(failure=found["failure"])
    parameters = {
        name: Parameter(annotation=annotation, required=required)
        for name, (annotation, required) in found["parameters"].items()
    }
    return Signature(parameters=parameters, open=found["open"])


# --- older versions -------------------------------------------------------------------------------


def older_flows(paths: Sequence[str], revision: str) -> dict[str, Flow]:
    """The flows as they were at a revision of git, by file; files that are new are left out.

    Raises:
        click.UsageError: there is no such revision, or no repository, or no git.
    """
    found: dict[str, Flow] = {}
    for path in paths:
        for result in _all(load(path)):
            file = result.source.file
            text = _at(Path(file), revision)
            flow = judge(read_source(text, file))[0] if text is not None else None
            if flow is not None:
                found[file] = flow
    return found


def _all(result: LoadResult) -> Iterator[LoadResult]:
    if result.readable:
        yield result
    for inner in result.subflows.values():
        yield from _all(inner)


def _at(file: Path, revision: str) -> str | None:
    folder, name = file.resolve().parent, file.name
    if _git(folder, "rev-parse", "--git-dir") is None:
        raise click.UsageError(f"--against: {folder} is in no repository of git")
    if _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", revision) is None:
        raise click.UsageError(f"--against: git knows no revision {revision!r} in {folder}")
    return _git(folder, "show", "--end-of-options", f"{revision}:./{name}")


def _git(folder: Path, *words: str) -> str | None:
    """What git says; None where it refuses."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, encoding="utf-8", check=False
        )
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--against: git cannot be asked: {error}") from error
    return done.stdout if done.returncode == 0 else None
