import numpy as np
import pytest

from echoctl.speech.gate import EnergyGate, Refractory, Trigger, rms
from tests.speech.fakes import LOUD, QUIET


def noise(level: float, seed: int = 1) -> bytes:
    return (np.random.default_rng(seed).normal(0, level, 1280)).astype(np.int16).tobytes()


def test_rms_is_in_sample_units() -> None:
    assert rms(QUIET) == 0
    assert rms(LOUD) == pytest.approx(0x2000)


def test_silence_keeps_the_gate_closed() -> None:
    gate = EnergyGate()
    assert not any(gate.feed(QUIET) for _ in range(100))


def test_steady_noise_is_soon_known_and_a_voice_over_it_opens_it() -> None:
    gate = EnergyGate()
    for seed in range(190):  # 15 s
        gate.feed(noise(300, seed))
    assert not any(gate.feed(noise(300, seed)) for seed in range(50))
    assert gate.feed(noise(900))


def test_a_quiet_voice_opens_it_even_as_the_first_that_is_heard() -> None:
    assert EnergyGate().feed(noise(20))  # -64 dBFS
    assert not EnergyGate().feed(noise(10))


def test_a_constant_is_no_sound() -> None:
    gate = EnergyGate()
    shifted = [(np.frombuffer(noise(level), np.int16) + 2000).astype(np.int16).tobytes() for level in (2, 40)]
    assert rms(shifted[1]) == pytest.approx(rms(noise(40)), rel=0.01)
    assert [gate.feed(chunk) for chunk in shifted] == [False, True]


def test_it_stays_open_through_short_pauses_only() -> None:
    gate = EnergyGate()
    gate.feed(LOUD)
    flags = [gate.feed(QUIET) for _ in range(12)]
    assert flags == [True] * 5 + [False] * 7


def test_reset_closes_it() -> None:
    gate = EnergyGate()
    gate.feed(LOUD)
    gate.reset()
    assert not gate.feed(QUIET)


def test_a_trigger_is_hot_while_the_score_is_high_and_a_while_after() -> None:
    trigger = Trigger(0.5, hold=2)
    hot = [trigger.feed(score) for score in (0.1, 0.6, 0.9, 0.1, 0.1, 0.1)]
    assert hot == [False, True, True, True, False, False]


def test_a_trigger_knows_its_peak_and_age() -> None:
    trigger = Trigger(0.5, hold=2)
    for score in (0.6, 0.9, 0.1):
        trigger.feed(score)
    assert (trigger.peak, trigger.age) == (0.9, 3)
    for _ in range(3):
        trigger.feed(0.0)
    trigger.feed(0.7)
    assert (trigger.peak, trigger.age) == (0.7, 1)


def test_the_refractory_period_counts_from_the_last_wake() -> None:
    refractory = Refractory(2.0)
    assert refractory.over(0.08)
    refractory.begin(10.0)
    assert not refractory.over(11.92)
    assert refractory.over(12.0)
