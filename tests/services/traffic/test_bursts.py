import pytest

from echoctl.errors import NotFound
from echoctl.model.traffic import BurstClass
from echoctl.services.traffic import bursts
from tests.traffic.inputs.synthetic import SPEAKER, speech
from tests.watched import watched


def test_bursts_come_with_the_wake_that_explains_them() -> None:
    watched([*speech(30, 3.0, 64), *speech(70, 3.0, 64)], wakes=[29])
    found, names = bursts.listing(None, 0, [BurstClass.VOICE])
    assert [burst.wake is not None for burst in found] == [True, False]
    assert names == {SPEAKER: "kitchen"}
    assert bursts.listing("kitchen", 0, [BurstClass.BULK])[0] == []


def test_an_unknown_device_is_not_found() -> None:
    watched(speech(30, 3.0, 64))
    with pytest.raises(NotFound):
        bursts.listing("cellar", 0, [])


def test_bursts_of_one_endpoint_are_found_by_name_and_by_address() -> None:
    watched(speech(30, 3.0, 64))
    ((burst,), _) = bursts.listing(None, 0, [BurstClass.VOICE])
    for endpoint in filter(None, (burst.name, burst.remote)):
        assert bursts.listing(None, 0, [BurstClass.VOICE], endpoint)[0] == [burst]
    assert bursts.listing(None, 0, [], "elsewhere.example")[0] == []
