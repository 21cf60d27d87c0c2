"""From the configuration and the flags of `listen` to what the ear is told. Loaded when it listens, not for --help."""

from pathlib import Path

from echoctl.config import loader
from echoctl.model.speech import StoreMode
from echoctl.services.listening.demo import SAMPLE
from echoctl.services.listening.protocol import EarSpec
from echoctl.services.sandbox import levels


def configured() -> tuple[loader.Config, EarSpec]:
    """The configuration, and what it says to the ear before any flag."""
    settings = loader.load()
    own = settings.listen
    keep = settings.vault.store != "none"
    return settings, EarSpec(
        words=own.wake_words,
        thresholds=settings.wake.thresholds,
        device=own.device,
        model=settings.speech.model,
        room=own.room,
        store=settings.vault.store if keep else StoreMode.BOTH.value,
        keep=keep,
        preroll_ms=own.preroll_ms,
        pause_ms=own.pause_ms,
        min_speech_ms=own.min_speech_ms,
        no_speech_ms=own.no_speech_ms,
        max_ms=own.max_ms,
        refractory_ms=settings.wake.refractory_ms,
        seal=levels.REQUIRE if settings.listen.require_seal else levels.TRY,
    )


def seal(flag: bool | None, configured: str) -> str:
    """How much of a seal is wanted; giving it up is said out loud."""
    if flag is False:
        from echoctl.cli.terminal import diagnostics  # noqa: PLC0415 - typer, which the dashboard does without

        diagnostics.note(levels.LOST)
        return levels.OFF
    return levels.REQUIRE if flag else configured


def source(wish: str | None, *, demo: bool) -> str | None:
    """What --input names, or the sample; None for the microphone."""
    if demo:
        return str(SAMPLE)
    if wish is None or wish == "mic":
        return None
    return wish if wish == "-" else str(Path(wish).absolute())
