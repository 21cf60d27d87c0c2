import pytest

from echoctl.tui.widgets import ring_raster


@pytest.mark.parametrize(("width", "height"), [(16, 8), (26, 12), (50, 25), (8, 30), (40, 4)])
def test_the_ring_is_round_and_whole(width: int, height: int) -> None:
    rows = ring_raster.ring(width, height, 12)
    assert (len(rows), {len(row) for row in rows}) == (height, {width})
    seen = {cell.segment for row in rows for cell in row if not cell.empty}
    assert seen == set(range(12))
    assert rows[height // 2][width // 2].empty
    for row in rows:
        shape = [not cell.empty for cell in row]
        assert shape == shape[::-1]


def test_segments_go_clockwise_from_the_top() -> None:
    rows = ring_raster.ring(24, 12, 4)
    assert rows[0][12].segment == 0
    assert rows[6][23].segment == 1
    assert rows[11][12].segment == 2
    assert rows[6][0].segment == 3


def test_letters_stand_on_the_ring_in_order() -> None:
    rows = ring_raster.letters(26, 12, 12)
    assert {letter for row in rows for letter in row} == {-1, *range(12)}
    assert 0 in rows[0] + rows[1]


@pytest.mark.parametrize(("width", "height"), [(0, 0), (1, 1), (3, 1)])
def test_no_room_is_no_mistake(width: int, height: int) -> None:
    assert len(ring_raster.ring(width, height, 12)) == height
