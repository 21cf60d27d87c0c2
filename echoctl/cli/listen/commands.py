"""`echoctl listen`: the main job. Options here; what they start is in cli/listen/launch.py."""

import dataclasses
from typing import Annotated

import typer

from echoctl.cli.terminal import diagnostics
from echoctl.cli.terminal.group import command_group
from echoctl.errors import UsageError
from echoctl.model.listener import SandboxLevel
from echoctl.model.speech import StoreMode

app = command_group("Wait for a wake word, record, transcribe and store, sealed.")

_HELP = """Wait for a wake word, record what follows until a pause, transcribe it offline, store it sealed.

\b
echoctl listen                          alexa, on the default microphone
echoctl listen -w computer -w echo      other words, several at once
echoctl listen --input talk.wav         a file, as fast as it can be read
arecord -t raw -f S16_LE -r 16000 -c 1 | echoctl listen --input -

Keys: m mutes, Enter begins a request without a wake word, Ctrl-C ends. From another terminal: echoctl mute,
kill -USR1 (mute or unmute) and kill -USR2 (begin a request). Nothing leaves this machine.
"""

WakeWords = Annotated[list[str] | None, typer.Option("--wake-word", "-w", help="Wake on this word; repeatable.")]
Input = Annotated[
    str | None, typer.Option("--input", "-i", metavar="mic|FILE|-", help="A WAV or FLAC file, or raw pcm on stdin.")
]
Device = Annotated[str | None, typer.Option("--device", help="Microphone by name or number; see echoctl devices.")]
Realtime = Annotated[bool, typer.Option("--realtime", help="Play a file at the speed of life.")]
Demo = Annotated[bool, typer.Option("--demo", help="Play the packaged sample into a store that is removed.")]
Once = Annotated[bool, typer.Option("--once", help="End after one request.")]
Now = Annotated[bool, typer.Option("--now", help="Push to talk: begin with a request, without a wake word.")]
Store = Annotated[StoreMode | None, typer.Option("--store", help="What is kept of a request.")]
NoStore = Annotated[bool, typer.Option("--no-store", help="Keep nothing at all.")]
Room = Annotated[str | None, typer.Option("--room", help="A label for what is recorded here.")]
Exec = Annotated[
    str | None, typer.Option("--exec", metavar="CMD", help="Run CMD for each event, its JSON on stdin; no shell.")
]
Chime = Annotated[bool | None, typer.Option("--chime/--no-chime", help="Play a sound at start and end of a request.")]
Sandbox = Annotated[
    bool | None,
    typer.Option(
        "--require-sandbox/--no-sandbox",
        help="Refuse to listen unless the kernel shuts the listener in (`--require-sandbox full`: in every way); or do "
        "without.",
    ),
]
Level = Annotated[
    str | None, typer.Argument(metavar="[full|filter]", hidden=True, help="What --require-sandbox asks for.")
]
Seal = Annotated[
    bool | None,
    typer.Option("--require-seal/--no-seal", hidden=True, help="The old names of --require-sandbox, until v2."),
]
Json = Annotated[bool, typer.Option("--json", help="Print events as NDJSON.")]


@app.command(help=_HELP)
def listen(
    level: Level = None,
    wake_word: WakeWords = None,
    input: Input = None,  # noqa: A002 - the option's name
    device: Device = None,
    realtime: Realtime = False,
    demo: Demo = False,
    once: Once = False,
    now: Now = False,
    store: Store = None,
    no_store: NoStore = False,
    room: Room = None,
    exec_: Exec = None,
    chime: Chime = None,
    sandbox: Sandbox = None,
    seal: Seal = None,
    json: Json = False,
) -> None:
    """Put flags over the configuration, and run a session."""
    _check(demo and bool(input or device or no_store), bool(store and no_store), {sandbox, seal} == {True, False})
    _check_level(level, sandbox if seal is None else seal)
    from echoctl.cli.listen import launch

    own, others = launch.configured()
    spec = dataclasses.replace(
        own,
        words=tuple(wake_word or own.words),
        input=launch.source(input, demo=demo),
        device=own.device if device is None else device,
        realtime=realtime or demo,
        room=own.room if room is None else room,
        store=str(store or own.store),
        keep=not no_store and (bool(store) or own.keep or demo),
        once=once,
        now=now,
        sandbox=launch.sandbox(sandbox if seal is None else seal, level, own.sandbox),
        level=diagnostics.is_terminal() and not json,
    )
    followers = dataclasses.replace(
        others,
        command=others.command if exec_ is None else exec_,
        chime=others.chime if chime is None else chime,
    )
    raise typer.Exit((launch.demonstrate if demo else launch.listen)(spec, followers, json=json))


def _check_level(level: str | None, required: bool | None) -> None:
    """`--require-sandbox full` is a flag and a word; a word for anything else is one too many."""
    if level is not None and not (required and level in (SandboxLevel.FULL, SandboxLevel.FILTER)):
        raise UsageError(f"{level!r} means nothing here", "echoctl listen -h; a file is named by --input FILE")


def _check(too_much_for_demo: bool, both_stores: bool, both_sandboxes: bool) -> None:
    """Raise UsageError for flags that contradict each other."""
    if too_much_for_demo:
        raise UsageError("--demo brings its own sound and its own store", "echoctl listen --demo")
    if both_stores:
        raise UsageError("--store and --no-store contradict each other", "choose one")
    if both_sandboxes:
        raise UsageError(
            "--require-sandbox and --no-sandbox contradict each other",
            "choose one; --require-seal and --no-seal are their old names",
        )
