"""What `listen` makes of its options; what comes of them is in tests/e2e."""

import pytest

from echoctl.cli.listen import launch
from echoctl.model.listener import SandboxPolicy
from echoctl.services.protocol.ear_spec import EarSpec
from tests.cli.inside import Main

SHELLS = ("bash", "zsh", "fish", "powershell")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[EarSpec]:
    """What ears are told, without any that listens."""
    specs: list[EarSpec] = []
    monkeypatch.setattr(launch, "listen", lambda spec, followers, json: specs.append(spec) or 0)
    return specs


@pytest.mark.parametrize(
    ("options", "policy"),
    [
        ([], SandboxPolicy.TRY),
        (["--require-sandbox"], SandboxPolicy.REQUIRE),
        (["--no-sandbox"], SandboxPolicy.OFF),
        (["--require-seal"], SandboxPolicy.REQUIRE),
        (["--no-seal"], SandboxPolicy.OFF),
        (["--require-sandbox", "--require-seal"], SandboxPolicy.REQUIRE),
        (["--no-seal", "--no-sandbox"], SandboxPolicy.OFF),
    ],
)
def test_the_sandbox_has_options_and_the_old_names_of_them(
    main: Main, told: list[EarSpec], options: list[str], policy: str
) -> None:
    run = main("listen", *options)
    assert (run.exit, [spec.sandbox for spec in told]) == (0, [policy])
    assert ("echoctl: not sandboxed, as you wish" in run.stderr) == (policy == SandboxPolicy.OFF)


@pytest.mark.parametrize("options", [["--require-sandbox", "--no-seal"], ["--require-seal", "--no-sandbox"]])
def test_an_old_name_that_contradicts_a_new_one_is_an_error(
    main: Main, told: list[EarSpec], options: list[str]
) -> None:
    run = main("listen", *options)
    assert (run.exit, told) == (2, [])
    assert "error: --require-sandbox and --no-sandbox contradict each other\n" in run.stderr
    assert "hint: choose one; --require-seal and --no-seal are their old names\n" in run.stderr


def test_the_old_names_are_not_offered(main: Main) -> None:
    offered = [main("listen", "--help").stdout, *(main("completion", shell).stdout for shell in SHELLS)]
    assert all("require-sandbox" in text and "no-sandbox" in text for text in offered)
    assert not any("require-seal" in text or "no-seal" in text for text in offered)
