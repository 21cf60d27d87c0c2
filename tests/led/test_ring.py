import pytest

from echoctl.led import ring
from echoctl.model.speech import LedState


@pytest.mark.parametrize("state", list(LedState))
@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.19, 1000.0])
def test_each_state_colours_every_segment(state: LedState, seconds: float) -> None:
    colours = ring.colours(state, seconds, level=0.5)
    assert len(colours) == ring.SEGMENTS
    assert all(0 <= part <= 255 for colour in colours for part in colour)


def test_muted_is_red_all_around_and_does_not_move() -> None:
    assert ring.colours(LedState.MUTED, 0.0) == ring.colours(LedState.MUTED, 0.7) == [ring.RED] * ring.SEGMENTS
    assert not ring.animated(LedState.MUTED)


@pytest.mark.parametrize("state", [LedState.LISTENING, LedState.THINKING])
def test_moving_states_move_and_come_round(state: LedState) -> None:
    assert ring.animated(state)
    assert ring.colours(state, 0.0) != ring.colours(state, 0.4)
    assert ring.colours(state, 0.1) == ring.colours(state, 1.3)


def test_the_voice_makes_the_ring_brighter() -> None:
    quiet, loud = (sum(map(sum, ring.colours(LedState.LISTENING, 0.0, level))) for level in (0.0, 1.0))
    assert loud > quiet


def test_states_differ_by_shape_and_not_by_colour_alone() -> None:
    assert len(set(ring.SYMBOLS.values())) == len(LedState)
