from pathlib import Path

import pytest

from echoctl import paths
from echoctl.config import loader
from echoctl.errors import ExitCode, UsageError


@pytest.fixture
def file(home: Path) -> Path:
    path = Path(paths.config_file())
    path.parent.mkdir(parents=True)
    return path


def messages(environ: dict[str, str] | None = None) -> list[str]:
    return [problem.message for problem in loader.problems(environ or {})]


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    settings = loader.load({})
    assert settings.listen.wake_words == ("alexa",)
    assert settings.listen.preroll_ms == 500
    assert settings.vault.store == "both"
    assert {origin for _, _, origin, _ in loader.entries(settings)} == {"default"}


def test_the_file_overrides_the_defaults_and_a_variable_the_file(file: Path) -> None:
    file.write_text('[listen]\nroom = "kitchen"\npause_ms = 700\n')
    settings = loader.load({"ECHOCTL_LISTEN_ROOM": "attic"})
    assert (settings.listen.room, settings.listen.pause_ms) == ("attic", 700)
    origins = {key: origin for key, _, origin, _ in loader.entries(settings)}
    assert origins["listen.room"] == "ECHOCTL_LISTEN_ROOM"
    assert origins["listen.pause_ms"] == str(file)
    assert origins["listen.device"] == "default"


def test_variables_are_read_as_the_type_of_the_setting(home: Path) -> None:
    settings = loader.load(
        {
            "ECHOCTL_LISTEN_WAKE_WORDS": "alexa, hey jarvis",
            "ECHOCTL_LISTEN_CHIME": "On",
            "ECHOCTL_LISTEN_MAX_MS": "9000",
            "ECHOCTL_WAKE_THRESHOLDS": "alexa=0.05,hey jarvis=1",
        }
    )
    assert settings.listen.wake_words == ("alexa", "hey jarvis")
    assert settings.listen.chime is True
    assert settings.listen.max_ms == 9000
    assert settings.wake.thresholds == {"alexa": 0.05, "hey jarvis": 1.0}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[listen]\nrom = 1\n", ":2: unknown key listen.rom", "did you mean room?"),
        ("[lisen]\n", ":1: unknown section [lisen]", "did you mean listen?"),
        ("listen = 3\n", ":1: listen must be a section", "write [listen] on its own line"),
        ("[listen]\n\nroom = 3\n", ":3: listen.room: expected a text in quotes", 'for example: room = "…"'),
        ("[listen]\nchime = 1\n", ":2: listen.chime: expected true or false", "for example: chime = true"),
        ("[listen]\npause_ms = true\n", "listen.pause_ms: expected a whole number", "for example: pause_ms = 500"),
        ("[listen]\npause_ms = 5\n", "expected a number from 100 to 5000", "for example: pause_ms = 500"),
        ("[listen]\npreroll_ms = 9000\n", "expected a number from 0 to 2000", "for example: preroll_ms = 500"),
        ("listen.pause_ms = -1\n", ":1: listen.pause_ms", "for example: pause_ms = 500"),
        ("[listen]\nwake_words = []\n", "expected a list of words", 'for example: wake_words = ["alexa"]'),
        ("[wake]\nthresholds = { alexa = 2 }\n", "numbers from 0 to 1", "for example: thresholds = { alexa = 0.05 }"),
        ('[vault]\nstore = "all"\n', "expected one of times, transcript, audio, both", 'for example: store = "both"'),
    ],
)
def test_a_mistake_names_its_line_and_a_cure(file: Path, text: str, message: str, hint: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        loader.load({})
    assert message in caught.value.message
    assert str(file) in caught.value.message
    assert caught.value.hint == hint
    assert caught.value.exit_code == ExitCode.USAGE


def test_the_line_is_that_of_the_right_section(file: Path) -> None:
    file.write_text('[led]\nsysfs = "x"\n[vault]\nstore = "both"\n[speech]\nstore = "y"\n')
    assert messages() == [f"{file}:6: unknown key speech.store"]


def test_every_problem_is_told_and_not_just_the_first(file: Path) -> None:
    file.write_text("[listen]\nrom = 1\nchime = 2\n[nothing]\n")
    assert len(messages({"ECHOCTL_LISTEN_MAX_MS": "long"})) == 4


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ECHOCTL_LISTEN_MAX_MS", "long", "expected a whole number"),
        ("ECHOCTL_LISTEN_MAX_MS", "5", "expected a number from 1000 to 120000"),
        ("ECHOCTL_LISTEN_CHIME", "maybe", "expected true or false"),
        ("ECHOCTL_LISTEN_WAKE_WORDS", ",", "expected a list of words"),
        ("ECHOCTL_WAKE_THRESHOLDS", "alexa", "as in alexa=0.05,computer=0.5"),
        ("ECHOCTL_WAKE_THRESHOLDS", "alexa=3", "as in alexa=0.05,computer=0.5"),
        ("ECHOCTL_VAULT_STORE", "all", "expected one of"),
        ("ECHOCTL_LISTEN_ROM", "x", "unknown variable"),
    ],
)
def test_a_wrong_variable_is_a_usage_error(home: Path, name: str, value: str, message: str) -> None:
    found = list(loader.problems({name: value}))
    assert len(found) == 1
    assert name in found[0].message
    assert message in found[0].message
    assert found[0].hint


def test_a_setting_goes_by_its_old_name_too(file: Path) -> None:
    file.write_text("[listen]\nrequire_seal = true\n")
    settings = loader.load({})
    origins = {key: origin for key, _, origin, _ in loader.entries(settings)}
    assert settings.listen.require_sandbox
    assert origins["listen.require_sandbox"] == str(file)
    assert "listen.require_seal" not in origins
    settings = loader.load({"ECHOCTL_LISTEN_REQUIRE_SEAL": "false"})
    assert not settings.listen.require_sandbox
    assert settings.origins["listen.require_sandbox"] == "ECHOCTL_LISTEN_REQUIRE_SEAL"


@pytest.mark.parametrize("lines", [("require_seal", "require_sandbox"), ("require_sandbox", "require_seal")])
def test_the_old_name_beside_the_new_one_is_a_mistake(file: Path, lines: tuple[str, str]) -> None:
    file.write_text(f"[listen]\n{lines[0]} = true\n{lines[1]} = false\n")
    number = 2 + lines.index("require_seal")
    assert messages() == [
        f"{file}:{number}: listen.require_seal is the old name of listen.require_sandbox, which is set too"
    ]
    file.unlink()
    old, new = "ECHOCTL_LISTEN_REQUIRE_SEAL", "ECHOCTL_LISTEN_REQUIRE_SANDBOX"
    assert messages({old: "true", new: "true"}) == [f"{old} is the old name of {new}, which is set too"]


def test_a_mistake_under_an_old_name_shows_its_line_and_the_new_name(file: Path) -> None:
    file.write_text("[listen]\nrequire_seal = 1\n")
    [problem] = loader.problems({"ECHOCTL_LISTEN_REQUIRE_SEAL": "false"})
    assert problem.message == f"{file}:2: listen.require_seal: expected true or false"
    assert problem.hint == "for example: require_sandbox = true"


def test_variables_that_are_no_settings_are_left_alone(home: Path) -> None:
    assert messages({"ECHOCTL_DATA_DIR": "/x", "ECHOCTL_DEBUG": "1", "ECHOCTL_PLUGINS": "none"}) == []


def test_what_is_no_toml_or_no_text_is_one_problem(file: Path) -> None:
    file.write_text("[listen\n")
    assert "is not valid TOML" in messages()[0]
    file.write_bytes(b"\xff\xfe")
    assert "is not valid TOML" in messages()[0]
    file.unlink()
    file.mkdir()
    assert "cannot read" in messages()[0]


def test_every_setting_has_a_help_line_and_an_example_that_is_valid(file: Path) -> None:
    for key, value, _, text in loader.entries(loader.Config()):
        section, _, name = key.partition(".")
        assert text
        file.write_text(f"[{section}]\n{name} = {loader.as_toml(value)}\n")
        assert messages() == []
        file.write_text(f"[{section}]\n{name} = []\n")
        example = next(iter(loader.problems({}))).hint.removeprefix("for example: ")
        file.write_text(f"[{section}]\n{example}\n")
        assert messages() == []


def test_values_are_shown_as_the_file_spells_them() -> None:
    assert loader.as_toml(("alexa", 'say "x"')) == '["alexa", "say \\"x\\""]'
    assert loader.as_toml({"hey jarvis": 0.5}) == '{ "hey jarvis" = 0.5 }'
    assert [loader.as_toml(value) for value in (True, 3, "", {})] == ["true", "3", '""', "{}"]


def test_a_table_of_texts_is_read_from_file_and_variable(file: Path) -> None:
    file.write_text('[tui]\nkeys = { mute = "x" }\n')
    assert loader.load({}).tui.keys == {"mute": "x"}
    assert loader.load({"ECHOCTL_TUI_KEYS": "mute=y, talk=t"}).tui.keys == {"mute": "y", "talk": "t"}
    assert loader.as_toml({"mute": "x"}) == '{ "mute" = "x" }'
    file.write_text("[tui]\nkeys = { mute = 3 }\n")
    assert messages() == [f"{file}:2: tui.keys: expected a table of words and texts"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[wake]\nthresholds = {"hey you" = 0.4}\n'),
        ("#\n[wake]\nrefractory_ms = 1\n", '#\n[wake]\nrefractory_ms = 1\nthresholds = {"hey you" = 0.4}\n'),
        ("[wake]\nthresholds = {alexa = 0.1} # x\n", '[wake]\nthresholds = {alexa = 0.1,"hey you" = 0.4} # x\n'),
        ("[wake.thresholds]\nalexa = 0.1\n", '[wake.thresholds]\nalexa = 0.1\n"hey you" = 0.4\n'),
        ('[wake.thresholds]\n"hey you" = 1\nalexa = 0.1\n', '[wake.thresholds]\n"hey you" = 0.4\nalexa = 0.1\n'),
        ("wake = { refractory_ms = 1 }\n", 'wake = { refractory_ms = 1, thresholds = {"hey you" = 0.4}}\n'),
    ],
)  # fmt: skip
def test_a_threshold_is_written_and_every_other_line_kept(file: Path, before: str, after: str) -> None:
    if before:
        file.write_text(before)
    assert loader.set_threshold("hey you", 0.4) == str(file)
    assert file.read_text() == after
    assert loader.load().wake.thresholds["hey you"] == 0.4


def test_a_file_that_is_no_toml_is_left_alone(file: Path) -> None:
    file.write_text("[wake\n")
    with pytest.raises(UsageError, match="not valid TOML"):
        loader.set_threshold("alexa", 0.4)
    assert file.read_text() == "[wake\n"
