"""What the front believes of an ear: every event of a real one, and of a hostile one nothing."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from echoctl.services.protocol import checks
from echoctl.services.protocol.checks import EVENTS, MICROPHONE, Violation, checked
from echoctl.vault import format as fmt
from tests.services.ear.stage import LOUD, Spotter, Stage, sound

CONTROL = "a\x1b]0;owned\x07\n\u202e\u009bb"
SECRET = "canary-4711"

WORD = {"text": "so", "start": -0.05, "end": 0.2, "confidence": 1.0}
RECORD = {
    "epoch": b64encode(bytes(fmt.ID_BYTES)).decode(),
    "root": b64encode(bytes(fmt.SEALED_ROOT_BYTES)).decode(),
    "seq": 0,
    "wrapped": b64encode(bytes(fmt.WRAP_BYTES)).decode(),
    "text": b64encode(b"text").decode(),
    "chunks": [b64encode(b"sound").decode()],
}
SANDBOX = {"holds": "filter", "why": "no namespaces"}

SAID: dict[str, dict[str, Any]] = {
    "sandbox": {"sandbox": SANDBOX},
    "opened": {"device": "a mic"},
    "muted": {},
    "lost": {"device": "a mic", "reason": "stalled"},
    "retrying": {"device": "a mic", "message": "cannot open it"},
    "rate": {"device": "a mic", "stated": 48000, "measured": 44100},
    "silent": {"device": "a mic", "seconds": 10.0},
    "sound": {"device": "a mic", "seconds": 0.0},
    "gap": {"dropped_ms": 80},
    "health": {"overflows": 0, "dropped_ms": 80, "lag_ms": 12},
}
"""Each event of a microphone, as mic.py, capture.py and FrameWriter make it."""

GOOD: dict[str, dict[str, Any]] = {
    "ready": {"words": ["alexa"], "spotters": {"alexa": "a fake"}, "notes": ["a note"], "sandbox": SANDBOX},
    "phase": {"phase": "listening"},
    "wake": {"t": 2.04, "word": "alexa", "scores": {"spotter": 0.9}},
    "partial": {"text": "so be"},
    "level": {"level": 0.5, "score": 0.2, "threshold": 0.5},
    "near_miss": {"word": "alexa", "t": 1, "scores": {"spotter": 0.2}},
    "request": {
        "number": 1, "serial": 1, "at_ms": 1_800_000_000_000, "duration_ms": 1000, "word": "alexa",
        "scores": {"spotter": 0.9}, "text": "so be it", "words": [WORD], "id": "0" * 26, "record": RECORD,
    },
    "microphone": {"said": {"type": "opened", **SAID["opened"]}},
    "error": {"code": 4, "message": "no microphone", "hint": "plug one in", "fatal": True},
}  # fmt: skip

WRONG = [None, True, False, 7, -1, 1.5, 1e300, float("nan"), float("inf"), "", "text", [], [[]], {}, {"a": None}, [7]]
LONGEST = 2 * checks._MOST_SEALED


def line(kind: str, fields: object) -> bytes:
    return json.dumps({"type": kind, **fields} if isinstance(fields, dict) else fields).encode()


def whole() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from GOOD.items()
    for kind, fields in SAID.items():
        yield "microphone", {"said": {"type": kind, **fields}}


Path = tuple[str | int, ...]


def places(value: object, at: Path = ()) -> Iterator[Path]:
    """Where every single value lies, objects and lists included."""
    if at:
        yield at
    inside: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, dict):
        inside = iter(value.items())
    elif isinstance(value, list):
        inside = iter(enumerate(value))
    for name, item in inside:
        yield from places(item, (*at, name))


def found(value: Any, at: Path) -> Any:
    for name in at:
        value = value[name]
    return value


def replaced(value: Any, at: Path, new: object) -> Any:
    copy = json.loads(json.dumps(value))
    found(copy, at[:-1])[at[-1]] = new
    return copy


EVERYWHERE = [
    pytest.param(kind, fields, at, id=f"{kind}-{'.'.join(map(str, at))}")
    for kind, fields in whole()
    for at in places(fields)
]


def test_the_table_above_has_every_event_and_every_field() -> None:
    assert {kind: set(fields) for kind, fields in GOOD.items()} == {
        kind: set(fields) for kind, fields in EVENTS.items()
    }
    assert {kind: set(fields) for kind, fields in SAID.items()} == {kind: set(f) for kind, f in MICROPHONE.items()}


@pytest.mark.parametrize(("kind", "fields"), list(whole()))
def test_what_is_meant_passes(kind: str, fields: dict[str, Any]) -> None:
    event = checked(line(kind, fields))
    assert event.pop("type") == kind
    record = event.get("record")
    if record:
        assert record["text"] == b"text" and record["chunks"] == [b"sound"] and record["epoch"] == bytes(fmt.ID_BYTES)
        event["record"] = fields["record"]
    assert event == fields


@pytest.mark.parametrize("spec", [{}, {"store": "times"}, {"store": "transcript"}, {"level": True}, {"now": True}])
def test_what_a_real_ear_sends_passes(spec: dict[str, Any]) -> None:
    stage = Stage(sound((2, 0), (2, LOUD), (2, 0)), Spotter([2.0], misses=[1.0]), **spec)
    stage.at(0.5, lambda: [stage.say(kind, **fields) for kind, fields in SAID.items() if kind != "lost"] and None)
    stage.ear.run()
    assert {"ready", "phase", "request", "microphone"} <= {event["type"] for event in stage.pipe.sent}
    for event in stage.pipe.sent:
        fields = {name: value for name, value in event.items() if name != "type"}
        assert checked(line(event["type"], fields))["type"] == event["type"]


def test_a_real_request_comes_through_as_it_was() -> None:
    from echoctl.services.protocol.records import record_fields, record_of

    stage = Stage(sound((2, 0), (1, LOUD), (2, 0)), Spotter([2.0]))
    stage.ear.run()
    (request,) = stage.requests
    fields = {name: value for name, value in request.items() if name != "type"}
    assert record_fields(record_of(checked(line("request", fields))["record"])) == request["record"]


@pytest.mark.parametrize(("kind", "fields", "at"), EVERYWHERE)
def test_a_field_that_is_missing_is_refused(kind: str, fields: dict[str, Any], at: Path) -> None:
    if not isinstance(at[-1], str) or at[-2:-1] in (("scores",), ("spotters",)):
        return
    copy = json.loads(json.dumps(fields))
    del found(copy, at[:-1])[at[-1]]
    with pytest.raises(Violation):
        checked(line(kind, copy))


OBJECTS = [
    pytest.param(kind, fields, at, id=f"{kind}-{'.'.join(map(str, at))}")
    for kind, fields in whole()
    for at in ((), *places(fields))
    if isinstance(found(fields, at), dict) and at not in (("scores",), ("spotters",))
]


@pytest.mark.parametrize(("kind", "fields", "at"), OBJECTS)
@pytest.mark.parametrize("more", ["more", "", "type ", "__class__"])
def test_a_field_too_many_is_refused(kind: str, fields: dict[str, Any], at: Path, more: str) -> None:
    with pytest.raises(Violation):
        checked(line(kind, replaced(fields, (*at, more), SECRET)))


@pytest.mark.parametrize(("kind", "fields", "at"), EVERYWHERE)
def test_a_value_of_another_type_is_refused(kind: str, fields: dict[str, Any], at: Path) -> None:
    """The same type within limits may pass; every other one is refused."""
    good = found(fields, at)
    for wrong in WRONG:
        number = isinstance(good, (int, float)) and not isinstance(good, bool)
        if type(wrong) is type(good) or (wrong is None and at[-1] in MAYBE) or (number and type(wrong) in (int, float)):
            continue
        with pytest.raises(Violation):
            checked(line(kind, replaced(fields, at, wrong)))


MAYBE = ("score", "threshold", "id", "record", "text")
"""What may be null: `text` in a record alone."""


@pytest.mark.parametrize(
    ("kind", "at"), [("partial", ("text",)), ("request", ("text",)), ("request", ("words", 0, "text"))]
)
def test_only_the_text_of_a_record_may_be_null(kind: str, at: Path) -> None:
    with pytest.raises(Violation):
        checked(line(kind, replaced(GOOD[kind], at, None)))


@pytest.mark.parametrize(("kind", "fields", "at"), EVERYWHERE)
def test_a_value_without_bounds_is_refused(kind: str, fields: dict[str, Any], at: Path) -> None:
    good = found(fields, at)
    wrong: list[object] = []
    match good:
        case bool() | dict() if at[-1] not in ("scores", "spotters"):
            return
        case str():
            wrong = [SECRET * 2000]
        case int() | float():
            wrong = [1e300, -1e300, float("nan"), float("inf"), -float("inf"), 1 << 70, -(1 << 70)]
        case list():
            wrong = [good * 5000]
        case dict():
            wrong = [{f"{SECRET}{number}": next(iter(good.values())) for number in range(200)}]
    for one in wrong:
        with pytest.raises(Violation) as caught:
            checked(line(kind, replaced(fields, at, one)))
        assert SECRET not in str(caught.value)


NUMBERS = [one for one in EVERYWHERE if type(found(one.values[1], one.values[2])) in (int, float)]  # type: ignore[arg-type]


@pytest.mark.parametrize("at", [("level",), ("score",)])
def test_a_whole_number_larger_than_any_float_is_refused(at: Path) -> None:
    with pytest.raises(Violation):
        checked(line("level", replaced(GOOD["level"], at, 10**400)))


@pytest.mark.parametrize(("kind", "fields", "at"), NUMBERS)
def test_a_truth_is_no_number(kind: str, fields: dict[str, Any], at: Path) -> None:
    with pytest.raises(Violation):
        checked(line(kind, replaced(fields, at, True)))


TEXTS = [
    one
    for one in EVERYWHERE
    if isinstance(found(one.values[1], one.values[2]), str) and "record" not in one.values[2]  # type: ignore[arg-type, operator]
]


@pytest.mark.parametrize(("kind", "fields", "at"), TEXTS)
def test_no_text_controls_a_terminal(kind: str, fields: dict[str, Any], at: Path) -> None:
    try:
        event = checked(line(kind, replaced(fields, at, CONTROL)))
    except Violation:
        return
    assert found(event, at).isprintable()


def test_no_name_controls_a_terminal() -> None:
    event = checked(line("ready", replaced(GOOD["ready"], ("spotters",), {CONTROL: "a spotter"})))
    assert all(name.isprintable() for name in event["spotters"])


def test_scores_have_the_names_of_stages_and_no_others() -> None:
    with pytest.raises(Violation):
        checked(line("wake", replaced(GOOD["wake"], ("scores",), {"what was said": 0.5})))


def test_half_a_character_is_made_safe() -> None:
    assert checked(b'{"type":"partial","text":"\\ud800"}')["text"].encode()


@pytest.mark.parametrize("bad", ["", "QUJD\n", "QUJ", "é", "QUJD" * 20, "*" * 22])
@pytest.mark.parametrize("field", ["epoch", "wrapped"])
def test_bytes_of_another_size_or_spelling_are_refused(field: str, bad: str) -> None:
    with pytest.raises(Violation):
        checked(line("request", replaced(GOOD["request"], ("record", field), bad)))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"null", b"7", b'"ready"', b"[]", b"{}", b"\xff\xfe", b'{"type":null}', b'{"type":["ready"]}',
        b'{"type":{"ready":1}}', b'{"type":"begin"}', b'{"type":"fatal"}', b'{"type":"' + SECRET.encode() + b'"}',
        b"[" * 100_000, b'{"a":' * 100_000, b'{"type":"partial","text":' + b"[" * 100_000,
        b'{"type":"level","level":' + b"9" * 10_000 + b"}",
        b'{"type":"partial","text":"' + SECRET.encode() + b'"',
    ],
    ids=lambda data: data[:24].decode("ascii", "replace"),
)  # fmt: skip
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(Violation) as caught:
        checked(data)
    assert SECRET not in str(caught.value) and caught.value.__suppress_context__ == (
        caught.value.__context__ is not None
    )


@pytest.mark.parametrize("said", [None, "opened", [], {}, {"type": "end"}, {"type": "error", "code": 1}, {"type": 7}])
def test_what_no_microphone_says_is_refused(said: object) -> None:
    with pytest.raises(Violation, match=r"^microphone: said$"):
        checked(line("microphone", {"said": said}))


@pytest.mark.parametrize(
    ("kind", "at", "names"),
    [
        ("wake", ("t",), "wake: t"),
        ("request", ("words", 0, "start"), "request: words"),
        ("error", ("hint",), "error: hint"),
    ],
)
def test_a_violation_names_the_field_and_never_what_was_in_it(kind: str, at: Path, names: str) -> None:
    with pytest.raises(Violation) as caught:
        checked(line(kind, replaced(GOOD[kind], at, [SECRET])))
    assert str(caught.value) == names


def test_what_a_frame_writer_says_of_itself_passes() -> None:
    import os

    from echoctl.services.protocol.sound import FrameReader, FrameWriter

    read, write = os.pipe()
    writer = FrameWriter(write, live=True)
    writer.dropped_ms = 80
    writer.pcm(b"")
    gap, _ = FrameReader().feed(os.read(read, 4096))
    assert checked(line("microphone", {"said": gap}))["said"] == SAID["gap"] | {"type": "gap"}
    os.close(read)
    os.close(write)
