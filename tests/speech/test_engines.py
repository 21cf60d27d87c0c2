import pytest

from echoctl.speech import engines as module


def test_every_engine_states_the_terms_of_its_models(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"pymicro-wakeword": "2.5.0", "pyopen-wakeword": "1.1.0", "vosk": "0.3.45"}
    monkeypatch.setattr(module, "version", installed.__getitem__)
    found = {engine.name: (engine.version, engine.licence, engine.extra) for engine in module.engines()}
    assert found == {
        "microWakeWord": ("2.5.0", "Apache-2.0", "neural"),
        "openWakeWord": ("1.1.0", "CC BY-NC-SA 4.0", "verify"),
        "Vosk grammar": ("0.3.45", "that of the speech model", ""),
    }


def test_what_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> str:
        raise module.PackageNotFoundError(package)

    monkeypatch.setattr(module, "version", missing)
    assert {engine.version for engine in module.engines()} == {""}
