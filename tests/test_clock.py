import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoctl.clock import SystemClock, id_bytes, id_text, new_id


def test_a_name_begins_with_its_time_as_in_the_specifications_example() -> None:
    name = new_id(1_469_918_176_385)
    assert name.startswith("01ARYZ6S41")
    assert len(name) == 26


def test_names_sort_by_time_and_never_repeat() -> None:
    names = [new_id(at) for at in (1, 2, 1_700_000_000_000, 2**48 - 1)]
    assert names == sorted(names)
    assert len({new_id(5) for _ in range(1000)}) == 1000


@given(st.binary(min_size=16, max_size=16))
def test_bytes_and_text_are_the_same_name(raw: bytes) -> None:
    assert id_bytes(id_text(raw)) == raw
    assert id_bytes(id_text(raw).lower()) == raw


@pytest.mark.parametrize(
    "text", ["", "0" * 25, "0" * 27, "U" * 26, "0" * 25 + "!", "0_" * 13, "-" + "0" * 25, " " * 26, "\u0663" * 26]
)
def test_what_is_no_ulid_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        id_bytes(text)


def test_the_clocks_go_forward() -> None:
    clock = SystemClock()
    assert clock.now_ms() > 1_700_000_000_000
    assert clock.monotonic() <= clock.monotonic()
