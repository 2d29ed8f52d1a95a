"""Pictures and data of compiled flows, as reviewers read them."""

from __future__ import annotations

import json
import re

from engine.machine.export import edges, to_dot, to_json, to_mermaid


def test_mermaid(table, mermaid):
    assert to_mermaid(table) == mermaid


def test_json(table, json_text):
    text = to_json(table)
    assert json.loads(text)["fingerprint"] == table.fingerprint
    assert text == json_text


def test_dot(table, dot):
    assert to_dot(table) == dot


def test_every_handler_is_drawn_once(table):
    labels = [edge.label for edge in edges(table)]
    assert labels.count("intent.wants_person") == 1
    assert labels.count("intent.repeat_please / REPEAT") == 1


def test_what_ends_a_label_is_escaped(make_small):
    then = [{"when": 'slots.a == "x:y;#"', "to": "b"}, {"to": "b"}]
    flow = make_small({"a": {"then": then}, "b": {"end": "hangup"}}, slots={"a": "text"})
    line = next(line for line in to_mermaid(flow).splitlines() if "slots.a" in line)
    label = line.partition(" : ")[2]
    assert label == '[slots.a == "x#58;y#59;#35;"]'
    assert '[label="[slots.a == \\"x:y;#\\"]"]' in to_dot(flow)


def test_values_of_the_file_are_json(make_small):
    more = {"vars": {"pause": {"type": "duration", "default": "1.5s"}, "at": "time"}}
    flow = make_small({"a": {"then": "b"}, "b": {"end": "hangup"}}, **more)
    data = json.loads(to_json(flow))
    assert data["variable_defaults"] == {"pause": "1500ms", "at": None}
    assert "a : branch" in to_mermaid(flow)


def test_words_of_mermaid_may_be_names_of_states(make_small):
    flow = make_small({"state": {"then": "end"}, "end": {"end": "hangup"}})
    text = to_mermaid(flow)
    assert "STATE_state --> STATE_end" in text
    assert not re.search(r"^\s*end\b", text, re.MULTILINE)


def test_a_group_and_the_flow_never_share_a_node(make_small):
    handle = {"error": {"to": "STAY"}}
    group = {"handle": handle, "states": {"a": {"handle": handle}}}
    flow = make_small({"flow": group}, handle=handle)
    assert [edge.source for edge in edges(flow)] == ["a", "any.flow", "any."]
