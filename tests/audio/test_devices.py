import pytest

from echoctl.audio import devices
from echoctl.audio.devices import AudioDevice
from echoctl.errors import DeviceError, NotFound


def present(*names: str, default: int = 0) -> list[AudioDevice]:
    return [AudioDevice(n, name, 48000, 1, n == default) for n, name in enumerate(names)]


def find(monkeypatch: pytest.MonkeyPatch, wanted: str, *names: str) -> str:
    monkeypatch.setattr(devices, "inputs", lambda: present(*names, default=1))
    return devices.find_input(wanted).name


CARDS = ("Built-in (hw:0,0)", "USB Mic: Audio (hw:1,0)", "USB Mic Pro: Audio (hw:2,0)")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("", "USB Mic: Audio (hw:1,0)"),
        ("built", "Built-in (hw:0,0)"),
        ("pro", "USB Mic Pro: Audio (hw:2,0)"),
        ("2", "USB Mic Pro: Audio (hw:2,0)"),
        ("usb mic: audio", "USB Mic: Audio (hw:1,0)"),
        ("USB Mic: Audio (hw:3,0)", "USB Mic: Audio (hw:1,0)"),
    ],
)
def test_what_a_person_means(monkeypatch: pytest.MonkeyPatch, wanted: str, name: str) -> None:
    assert find(monkeypatch, wanted, *CARDS) == name


def test_two_alike_are_told_apart_by_their_full_name(monkeypatch: pytest.MonkeyPatch) -> None:
    twins = ("Mic (hw:1,0)", "Mic (hw:2,0)")
    assert find(monkeypatch, "Mic (hw:2,0)", *twins) == "Mic (hw:2,0)"
    with pytest.raises(NotFound, match="several") as several:
        find(monkeypatch, "Mic", *twins)
    assert several.value.hint == "say which: Mic (hw:1,0), Mic (hw:2,0)"


def test_one_device_through_two_systems_is_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(monkeypatch, "mic", "Mic", "Mic") == "Mic"


def test_no_device_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceError, match="no microphone"):
        find(monkeypatch, "mic")
