import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoctl.audio.ring import Ring

RING_S = 0.01
RING_BYTES = 320


def test_holds_what_was_appended() -> None:
    ring = Ring(RING_S)
    ring.append(b"abcd")
    assert (ring.position, ring.oldest) == (2, 0)
    assert ring.tail(1) == b"abcd"
    assert ring.since(1) == b"cd"
    assert ring.since(2) == b""


def test_a_position_of_the_future_gives_nothing() -> None:
    ring = Ring(RING_S)
    ring.append(b"abcd")
    assert ring.since(100) == b""


def test_zero_wipes_the_memory_and_keeps_counting() -> None:
    ring = Ring(RING_S)
    ring.append(b"\x11" * 500)
    ring.zero()
    assert ring.tail(1) == b""
    assert ring.since(0) == b""
    assert not any(ring._buffer), "the memory itself is wiped"
    ring.append(b"ab")
    assert ring.position == 251
    assert ring.since(0) == b"ab"


def test_refuses_half_a_sample() -> None:
    with pytest.raises(ValueError, match="half a sample"):
        Ring(RING_S).append(b"x")


def test_a_ring_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Ring(0)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 400), max_size=30),
    st.integers(0, 3000),
    st.floats(0, 0.03),
    st.integers(0, 29),
)
def test_is_the_end_of_the_stream_whatever_the_pieces(
    sizes: list[int], position: int, seconds: float, wiped_after: int
) -> None:
    """Against the plainest model there is: all bytes so far, cut."""
    ring, stream, wiped = Ring(RING_S), b"", 0
    for n, size in enumerate(sizes):
        piece = bytes((len(stream) + k) * 7 % 251 for k in range(2 * size))
        ring.append(piece)
        stream += piece
        if n == wiped_after:
            ring.zero()
            wiped = len(stream)
    held = stream[max(wiped, len(stream) - RING_BYTES) :]
    assert ring.position == len(stream) // 2
    assert ring.oldest == (len(stream) - len(held)) // 2
    wanted = int(seconds * 32000) // 2 * 2
    assert ring.tail(seconds) == (held[-wanted:] if wanted else b"")
    assert ring.since(position) == stream[max(2 * position, len(stream) - len(held)) :]
