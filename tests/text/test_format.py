import pytest

from echoctl.model.speech import PurgePlan, Recording, StoreMode, Transcript
from echoctl.text.format import length, plan_text, said, size_text


def heard(**changes: object) -> Recording:
    fields: dict[str, object] = {"id": "0" * 26, "at_ms": 0, "duration_ms": 900, "wake_word": "alexa", "room": ""}
    fields |= {"mode": StoreMode.BOTH, "size": 1, "locked": False, **changes}
    return Recording(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0.0 s"), (3249, "3.2 s"), (247_000, "4 min 07 s"), (7_500_000, "2 h 05 min")]
)
def test_durations(ms: int, text: str) -> None:
    assert length(ms) == text


@pytest.mark.parametrize(("size", "text"), [(804, "804 B"), (1200, "1.2 kB"), (48_000, "48 kB"), (1_200_000, "1.2 MB")])
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def test_what_was_said_or_why_it_is_not_shown() -> None:
    assert said(heard(transcript=Transcript("what time is it"))) == "what time is it"
    assert said(heard(transcript=Transcript("wait"), correction="what")) == "wait → what"
    assert said(heard(transcript=Transcript("a\x1b[2Jb"))) == "a�[2Jb"
    assert said(heard(transcript=Transcript(""))) == "(no words)"
    assert said(heard(locked=True)) == "(locked)"
    assert said(heard(damaged=True)) == "(damaged)"
    assert said(heard(mode=StoreMode.TIMES)) == "(times only)"
    assert said(heard(mode=StoreMode.AUDIO)) == "(audio only)"


def test_a_plan_says_what_would_go() -> None:
    assert plan_text(PurgePlan(("a",), 1200, 0, 0)).startswith("this deletes 1 recording, 1.2 kB, from 19")
    both = plan_text(PurgePlan(("a", "b"), 1200, 0, 1000, everything=True))
    assert both.startswith("this deletes everything that was heard: 2 recordings, 1.2 kB, from ")
    assert " to " in both
    assert plan_text(PurgePlan((), 0, None, None, everything=True)).endswith("0 recordings")
