import os

import pytest

from echoctl.services.system import devices
from tests.lab.sound import SoundLab


@pytest.mark.lab
def test_a_device_in_both_directions_is_listed_once(sound_lab: SoundLab) -> None:
    from echoctl.audio import devices as engine

    engine.refresh()
    found = devices.listing()
    assert [device.number for device in found] == sorted({device.number for device in found})
    assert "lab_mic" in [device.name for device in found if device.inputs and device.outputs]


@pytest.mark.lab
def test_what_c_libraries_say_is_not_heard(sound_lab: SoundLab, capfd: pytest.CaptureFixture[str]) -> None:
    before = os.fstat(2)
    devices.listing()
    assert capfd.readouterr().err == ""
    assert os.fstat(2) == before, "descriptor 2 is what it was"
