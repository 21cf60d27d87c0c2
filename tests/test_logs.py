import os
from pathlib import Path

import pytest

from echoctl import logs, paths


def log() -> str:
    return Path(paths.log_file()).read_text()


def test_the_log_is_for_its_owner_alone(home: Path) -> None:
    os.close(logs.open_log())
    assert os.stat(paths.log_file()).st_mode & 0o777 == 0o600
    assert os.stat(paths.state_dir()).st_mode & 0o777 == 0o700


def test_a_link_in_its_place_is_not_followed(home: Path, tmp_path: Path) -> None:
    os.close(logs.open_log())
    Path(paths.log_file()).unlink()
    Path(paths.log_file()).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        logs.open_log()
    assert not (tmp_path / "elsewhere").exists()


def test_a_bug_leaves_its_traceback_without_the_values_of_variables(home: Path) -> None:
    def fail() -> None:
        secret = "open sesame"
        raise RuntimeError(f"after {len(secret)} letters")

    try:
        fail()
    except RuntimeError as error:
        assert logs.record_bug(error) == paths.log_file()
    assert "RuntimeError: after 11 letters" in log()
    assert "in fail" in log()
    assert log().count("open sesame") <= 1  # the source line itself, never a dump of the frame


def test_a_long_log_starts_anew_and_keeps_the_one_before(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEEP_BYTES", 10)
    for text in (b"first, longer than ten bytes", b"second"):
        descriptor = logs.open_log()
        os.write(descriptor, text)
        os.close(descriptor)
    assert log() == "second"
    assert Path(paths.log_file() + ".1").read_text().startswith("first")


def test_what_c_libraries_say_goes_to_the_log(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with logs.c_libraries_to_log() as real:
        os.write(2, b"ALSA lib confused\n")
        os.write(real, b"for a person\n")
    os.write(2, b"afterwards\n")
    assert log() == "ALSA lib confused\n"
    assert capfd.readouterr().err == "for a person\nafterwards\n"
