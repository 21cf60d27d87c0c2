from echoctl.cli.traffic.board import KEEP_S, MOST_LINES, Board
from echoctl.model.traffic import Burst, BurstClass, Second
from tests.traffic.inputs import packets as p

NOW = 1_700_000_100
PAIR = (p.SPEAKER, p.CLOUD_IP)


def board(*rows: tuple[int, int, int]) -> Board:
    made = Board()
    made.names = {p.SPEAKER: "kitchen"}
    made.seconds(tuple(Second(*PAIR, NOW + at, up, down, 1) for at, up, down in rows), {PAIR: "avs.example"})
    return made


def voice(wake: int | None = None) -> Burst:
    start = (NOW - 5) * 1000
    return Burst(0, *PAIR, "avs.example", start, start + 3000, 48_000, 12, 2600, BurstClass.VOICE, wake)


def test_a_line_has_rates_totals_and_a_sparkline() -> None:
    lines = board((-30, 6000, 0), (-5, 1000, 500), (0, 2000, 70)).draw(NOW, 140, 20, colour=False)
    line = lines[2]
    assert line.startswith("kitchen → avs.example")
    assert line.split()[3:9] == ["2.0", "kB/s", "300", "B/s", "150", "B/s"]
    assert "9.0 kB" in line
    assert line.rstrip()[-1] in "▁▂▃▄▅▆▇█"


def test_a_burst_and_a_wake_are_marked_with_words() -> None:
    made = board((0, 2000, 0))
    made.burst(voice())
    made.wakes.add(NOW - 6)
    lines = made.draw(NOW, 140, 20, colour=False)
    assert "w" in lines[1]
    assert lines[3].startswith("  ● voice ")
    assert "48 kB in 3.0 s" in lines[3]
    made.burst(voice(wake=7))
    assert made.draw(NOW, 140, 20, colour=False)[3].startswith("  ● called ")


def test_colour_is_an_addition_and_can_be_off() -> None:
    made = board((-4, 2000, 0))
    made.burst(voice())
    assert "\x1b[31m" in "".join(made.draw(NOW, 140, 20, colour=True))
    assert "\x1b" not in "".join(made.draw(NOW, 140, 20, colour=False))


def test_it_fits_the_terminal() -> None:
    made = Board()
    for n in range(50):
        made.seconds((Second(p.SPEAKER, f"203.0.113.{n}", NOW, n, n, 1),), {})
    for width, height in ((40, 10), (80, 24), (200, 50)):
        lines = made.draw(NOW, width, height, colour=False)
        assert len(lines) <= height
        assert max(map(len, lines)) <= width


def test_the_busiest_comes_first_and_the_number_is_bounded() -> None:
    made = board((0, 10, 0))
    made.seconds((Second(p.SPEAKER, "203.0.113.99", NOW, 5000, 0, 1),), {})
    assert "203.0.113.99" in made.draw(NOW, 140, 20, colour=False)[2]
    for n in range(MOST_LINES + 10):
        made.seconds((Second(p.SPEAKER, f"h{n}", NOW + n, 1, 0, 1),), {})
    assert len(made.lines) <= MOST_LINES
    assert len(made.lines[p.SPEAKER, f"h{MOST_LINES}"].history) <= KEEP_S
