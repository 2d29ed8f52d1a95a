"""The context of a call: who said what, what was asked of tools, to whom it was handed over.

What `Session.history()` gives, and what a program may build, cut and store for itself: plain frozen
items, oldest first. Every operation returns another context; a result of a tool never stands
without its call. `plain` is the form in which models are told (`providers.formats` makes of it what
each service wants).

Ids are those of the call: the turn (`u3`), the line (`a3.1`), the tool call (`call_2`), its result
(`call_2.output`), the handoff (`h1`). Items a program adds are `m1`, `m2` ...: the same program
gives the same ids.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, overload

from engine.core import budget
from engine.core.pictures import Detail, checked_url

Role: TypeAlias = Literal["system", "developer", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "developer", "user", "assistant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture. Raises `ValueError` if its URL is none that is accepted."""

    url: str
    """`http(s)://...`, or `data:image/...;base64,...`; `media.images.data_url` makes one of a video
    frame."""
    detail: Detail = "auto"

    def __post_init__(self) -> None:
        checked_url(self.url)


Part: TypeAlias = Text | Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something that was said, or that a model is told."""

    id: str
    role: Role
    content: tuple[Part, ...]
    """What the caller said; of the agent what was heard of it."""
    interrupted: bool = False
    """The caller did not hear all of it; `ordered` is the whole line."""
    ordered: str = ""
    speaker: str = ""
    """Which of several participants said it."""

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(part.text for part in self.content if isinstance(part, Text))

    @property
    def heard(self) -> str:
        """What the caller has heard of an agent's line: the words whose audio was played."""
        return self.text if self.role == "assistant" else ""

    @property
    def images(self) -> tuple[Image, ...]:
        """Its pictures."""
        return tuple(part for part in self.content if isinstance(part, Image))


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """A model asked for a tool, or reported (`report`)."""

    id: str
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionOutput:
    """What the model was told of a call."""

    id: str
    call: str
    """The id of the call."""
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """The caller was handed over."""

    id: str
    to: str
    kind: Literal["cold", "warm", "agent"] = "cold"


Item: TypeAlias = Message | FunctionCall | FunctionOutput | Handoff

_TYPES: Mapping[str, type[Item]] = {
    "message": Message,
    "function_call": FunctionCall,
    "function_output": FunctionOutput,
    "handoff": Handoff,
}
_NAMES = {cls: name for name, cls in _TYPES.items()}


def _text(value: Any) -> bool:
    return isinstance(value, str)


_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("id", "name", "call", "to"), lambda value: _text(value) and bool(value)),
    **dict.fromkeys(("ordered", "speaker", "output"), _text),
    "role": lambda value: value in ROLES,
    "kind": lambda value: value in ("cold", "warm", "agent"),
    "content": lambda value: isinstance(value, tuple),
    "interrupted": lambda value: isinstance(value, bool),
    "args": lambda value: isinstance(value, Mapping),
}
"""What the fields of stored items must be."""


class Context(Sequence[Item]):
    """Items in order; a sequence that never changes.

    Args:
        items: oldest first.

    Raises:
        ValueError: two of them have the same id, or a result stands without its call before it.
    """

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.items: tuple[Item, ...] = tuple(items)
        seen: set[str] = set()
        for item in self.items:
            if item.id in seen:
                raise ValueError(f"two items have the id {item.id!r}")
            if isinstance(item, FunctionOutput) and item.call not in seen:
                raise ValueError(f"{item.id!r} is the result of no call before it")
            seen.add(item.id)

    # --- looking ---------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        return self.items[index]

    def __eq__(self, other: object) -> bool:
        return self.items == other.items if isinstance(other, Context) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(item.id for item in self.items))

    def __repr__(self) -> str:
        return f"<Context of {len(self)} items>"

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was said, and nothing else."""
        return tuple(item for item in self.items if isinstance(item, Message))

    def find(self, id_: str) -> Item | None:
        """Return the item of this id, or None."""
        return next((item for item in self.items if item.id == id_), None)

    @property
    def tokens(self) -> int:
        """About so many a model reads: one for 4 characters, 4 a message, 300 a picture."""
        return sum(map(_tokens, self.items))

    # --- making others ---------------------------------------------------------------------------

    def with_message(self, role: Role, *content: Part | str) -> Context:
        """Return this context and one message more, under the next free id."""
        parts = tuple(Text(text=part) if isinstance(part, str) else part for part in content)
        known = {item.id for item in self.items}
        number = next(n for n in range(1, len(self) + 2) if f"m{n}" not in known)
        return Context((*self.items, Message(id=f"m{number}", role=role, content=parts)))

    def copy(
        self,
        *filters: Callable[[Item], bool],
        roles: Collection[Role] = ROLES,
        calls: bool = True,
        handoffs: bool = True,
        images: bool = True,
    ) -> Context:
        """Return what all filters let pass; a call and its result go together.

        Args:
            filters: each is asked about every item that is left.
            roles: of the messages that stay.
            calls: whether tool calls and their results stay.
            handoffs: whether these stay.
            images: False: messages lose their pictures, and those that had nothing else are gone.
        """

        def passes(item: Item) -> bool:
            if isinstance(item, Message):
                wanted = item.role in roles and (images or bool(item.text))
            else:
                wanted = handoffs if isinstance(item, Handoff) else calls
            return wanted and all(test(item) for test in filters)

        kept = _paired(self.items, [item for item in self.items if passes(item)])
        return Context(kept if images else map(_without_images, kept))

    def truncate(self, max_items: int | None = None, max_tokens: int | None = None) -> Context:
        """Return the end of the talk that keeps to the limits.

        Messages of the roles `system` and `developer` stay wherever they stand, and do not count as
        items; their tokens count. The latest item stays; what is left begins with a message.

        Raises:
            ValueError: a limit is below 1.
        """
        if any(limit is not None and limit < 1 for limit in (max_items, max_tokens)):
            raise ValueError("a context is cut to at least one item and one token")
        rest = [item for item in self.items if not _standing(item)]
        fixed = sum(_tokens(item) for item in self.items if _standing(item))
        start = budget.first_kept(
            [_tokens(item) for item in rest],
            [not isinstance(item, Message) for item in rest],
            items=max_items,
            total=None if max_tokens is None else max_tokens - fixed,
        )
        ids = {item.id for item in rest[start:]}
        kept = [item for item in self.items if _standing(item) or item.id in ids]
        return Context(_paired(self.items, kept))

    # --- as data ---------------------------------------------------------------------------------

    def plain(self) -> tuple[Mapping[str, Any], ...]:
        """Return what a model is told, as `ReplyRequest.history` has it; no open calls."""
        outputs = {i.call: i.output for i in self.items if isinstance(i, FunctionOutput)}
        return tuple(told for item in self.items if (told := _plain(item, outputs)) is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        return {"items": [_to_dict(item) for item in self.items]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Context:
        """Return the context of which `to_dict` gave this.

        Raises:
            ValueError: it is no such data; says which item is wrong.
        """
        items = data.get("items")
        if not isinstance(items, Sequence) or isinstance(items, str):
            raise ValueError("a context has `items`, a list")
        return cls(_from_dict(number, item) for number, item in enumerate(items, 1))


def _standing(item: Item) -> bool:
    return isinstance(item, Message) and item.role in ("system", "developer")


def _tokens(item: Item) -> int:
    match item:
        case Message():
            return budget.tokens(item.text, len(item.images))
        case FunctionCall(name=name, args=args):
            return budget.tokens(f"{name}{args}")
        case FunctionOutput(output=output):
            return budget.tokens(output)
    return 0


def _paired(before: Sequence[Item], kept: Sequence[Item]) -> list[Item]:
    """Drop calls that lost their result, and results that lost their call."""
    pairs = {item.call: item.id for item in before if isinstance(item, FunctionOutput)}
    ids = {item.id for item in kept}

    def whole(item: Item) -> bool:
        if isinstance(item, FunctionOutput):
            return item.call in ids
        return not isinstance(item, FunctionCall) or pairs.get(item.id, item.id) in ids

    return [item for item in kept if whole(item)]


def _without_images(item: Item) -> Item:
    if not isinstance(item, Message) or not item.images:
        return item
    return replace(item, content=tuple(part for part in item.content if isinstance(part, Text)))


def _plain(item: Item, outputs: Mapping[str, str]) -> Mapping[str, Any] | None:
    match item:
        case Message(role=role, content=content, speaker=speaker):
            text = f"{speaker}: {item.text}" if speaker else item.text
            if not item.images:
                return {"role": role, "text": text}
            return {"role": role, "content": tuple(_part_to_dict(part) for part in content)}
        case FunctionCall(id=id_, name=name, args=args) if id_ in outputs:
            told = {"id": id_, "name": name, "args": dict(args), "output": outputs[id_]}
            return {"role": "tool", **told}
        case Handoff(to=to):
            return {"role": "developer", "text": f"The caller was handed over to {to}."}
    return None


def _part_to_dict(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image", "url": part.url, "detail": part.detail}


def _to_dict(item: Item) -> dict[str, Any]:
    data: dict[str, Any] = {"type": _NAMES[type(item)]}
    for name in item.__dataclass_fields__:
        value = getattr(item, name)
        if name == "content":
            value = [_part_to_dict(part) for part in value]
        elif name == "args":
            value = json.loads(json.dumps(value, default=str))
        data[name] = value
    return data


def _from_dict(number: int, data: Any) -> Item:
    try:
        fields = {name: value for name, value in data.items() if name != "type"}
        if "content" in fields:
            fields["content"] = tuple(map(_part_from_dict, fields["content"]))
        for name, value in fields.items():
            if not _SHAPES[name](value):
                raise ValueError(f"{str(value)[:40]!r} cannot be its {name!r}")
        return _TYPES[data["type"]](**fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"item {number} of the context is none: {error}") from error


def _part_from_dict(data: Mapping[str, Any]) -> Part:
    if data["type"] == "text" and _text(data["text"]):
        return Text(text=data["text"])
    detail = data.get("detail", "auto")
    if data["type"] == "image" and _text(data["url"]) and detail in ("auto", "low", "high"):
        return Image(url=data["url"], detail=detail)
    raise ValueError(f"{data['type']!r} is no part of a message")
