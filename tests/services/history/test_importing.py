import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from echoctl import paths
from echoctl.audio import codec
from echoctl.errors import NotFound, StoreError, UsageError, VaultLocked
from echoctl.model.speech import Recording, Selection
from echoctl.services.history import archiving, exporting, importing, reader
from echoctl.services.history.importing import Step
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import purge
from echoctl.services.sandbox import decoder as decoding
from echoctl.services.vault import unlocking
from echoctl.store import events, purging
from echoctl.store.database import db
from tests.heard import MORNING_MS, chooses, knows, nobody, pcm, say
from tests.vault.identities import pair

ALL = Selection(all=True)
Change = Callable[[dict[str, Any]], object]


def archive(folder: Path, to: exporting.Recipients = ()) -> Path:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        list(archiving.to_archive(opened, opened.ids(ALL), str(folder), to))
    return folder


def bring(folder: Path, identities: importing.Identities = (), *, dry_run: bool = False) -> list[Step]:
    found = importing.Import(str(folder), identities)
    with contextlib.closing(found):
        return list(found.run(dry_run=dry_run))


def everything() -> list[Recording]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        return [opened.show(uid) for uid in opened.ids(ALL)]


def wipe_out() -> None:
    purge.run(purge.plan(ALL))


def rewritten(folder: Path, line: int, change: Change) -> None:
    index = folder / "index.jsonl"
    lines = index.read_text().splitlines()
    value = json.loads(lines[line])
    change(value)
    index.write_text("\n".join([*lines[:line], json.dumps(value), *lines[line + 1 :]]) + "\n")


@pytest.mark.parametrize("sealed", [False, True])
def test_what_was_exported_comes_back_as_it_was(heard: dict[str, bytes], tmp_path: Path, sealed: bool) -> None:
    identity, recipient = pair(True)
    folder = archive(tmp_path / "out", [recipient] if sealed else [])
    before = everything()
    wipe_out()
    steps = bring(folder, [identity] if sealed else [])
    assert [(step.name, step.problem, step.present) for step in steps] == [(uid, "", False) for uid in heard]
    after = everything()
    for old, new in zip(before, after, strict=True):
        assert (old.id, old.at_ms, old.duration_ms, old.wake_word, old.room, old.mode) == (
            new.id, new.at_ms, new.duration_ms, new.wake_word, new.room, new.mode,
        )  # fmt: skip
        assert (old.transcript, old.correction, old.feedback) == (new.transcript, new.correction, new.feedback)
        assert dict(old.scores) == dict(new.scores)
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        for uid, sound in heard.items():
            if sound:
                assert codec.decode_flac(opened.flac(uid)[1]) == sound


def test_it_needs_no_key_and_changes_nothing_that_is_there(heard: dict[str, bytes], tmp_path: Path) -> None:
    folder = archive(tmp_path / "out")
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    rewritten(folder, 0, lambda value: value.update(text="something else"))
    assert [step.present for step in bring(folder)] == [True] * 3
    first = next(iter(heard))
    purge.run(purge.plan(Selection(ids=(first,))))
    assert [step.present for step in bring(folder)] == [False, True, True]
    with reader.opened(knows("correct horse"), needs_key=True) as opened:
        assert opened
        assert opened.show(first).transcript
        assert [r.damaged for r in opened.page(ALL, 0)] == [False] * 3


def test_a_dry_run_looks_and_keeps_nothing(heard: dict[str, bytes], tmp_path: Path) -> None:
    folder = archive(tmp_path / "out")
    wipe_out()
    rewritten(folder, 1, lambda value: value.update(v=2))
    assert [bool(step.problem) for step in sorted(bring(folder, dry_run=True), key=lambda s: s.line)] == [
        False, True, False,
    ]  # fmt: skip
    assert everything() == []


def test_the_log_gets_the_number_of_recordings_imported_and_nothing_of_a_dry_run(
    heard: dict[str, bytes], tmp_path: Path
) -> None:
    folder = archive(tmp_path / "out")
    wipe_out()
    rewritten(folder, 1, lambda value: value.update(v=2))
    bring(folder, dry_run=True)
    bring(folder)
    bring(folder)
    with db.session(paths.database()) as connection:
        logged = [event.data for event in events.after(connection, 0) if event.kind == "import"]
    assert logged == [{"count": len(heard) - 1}]


_CHANGES: dict[str, Change] = {
    "version": lambda v: v.update(v=2),
    "no id": lambda v: v.pop("id"),
    "id": lambda v: v.update(id="../../../etc/passwd"),
    "letter": lambda v: v.update(id="U" * 26),
    "second name": lambda v: v.update(id="8" + v["id"][1:]),
    "time": lambda v: v.update(at_ms=v["at_ms"] + 1),
    "truth": lambda v: v.update(at_ms=True),
    "negative": lambda v: v.update(duration_ms=-1),
    "huge": lambda v: v.update(duration_ms=10**400),
    "float": lambda v: v.update(duration_ms=1.5),
    "room": lambda v: v.update(room=None),
    "long room": lambda v: v.update(room="x" * 201),
    "surrogate": lambda v: v.update(text="\ud800"),
    "text": lambda v: v.update(text=["a"]),
    "nothing to correct": lambda v: v.update(text=None),
    "words": lambda v: v.update(words={"a": 1}),
    "word": lambda v: v.update(words=[["a", 0, 0, 0]]),
    "word's time": lambda v: v["words"][0].update(start="soon"),
    "nan": lambda v: v["words"][0].update(end=float("nan")),
    "infinite": lambda v: v.update(scores={"a": float("inf")}),
    "scores": lambda v: v.update(scores=[1]),
    "feedback": lambda v: v.update(feedback=["right"]),
    "missing file": lambda v: v.update(file="other.flac"),
    "way out": lambda v: v.update(file="../secret.flac"),
    "absolute": lambda v: v.update(file="/etc/passwd"),
    "dots": lambda v: v.update(file=".."),
    "nul": lambda v: v.update(file="a\0b"),
    "empty name": lambda v: v.update(file=""),
    "long name": lambda v: v.update(file="x" * 199 + "/"),
    "index": lambda v: v.update(file="index.jsonl"),
    "sealed": lambda v: v.update(file="index.jsonl.age"),
}


@pytest.mark.parametrize("what", list(_CHANGES))
def test_a_bad_line_is_named_and_the_rest_is_kept(heard: dict[str, bytes], tmp_path: Path, what: str) -> None:
    folder = archive(tmp_path / "out")
    (tmp_path / "secret.flac").write_bytes(codec.encode_flac(pcm()))
    wipe_out()
    rewritten(folder, 0, _CHANGES[what])
    steps = sorted(bring(folder), key=lambda step: step.line)
    assert [bool(step.problem) for step in steps] == [True, False, False]
    assert "Error" not in steps[0].problem and len(steps[0].problem) < 300
    assert [recording.id for recording in everything()] == list(heard)[1:]


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"v": 1' + b" " * 5_000_000 + b"}"]
)
def test_a_line_that_is_no_entry_is_named(heard: dict[str, bytes], tmp_path: Path, line: bytes) -> None:
    folder = archive(tmp_path / "out")
    wipe_out()
    index = folder / "index.jsonl"
    index.write_bytes(line + b"\n" + index.read_bytes())
    steps = sorted(bring(folder), key=lambda step: step.line)
    assert [bool(step.problem) for step in steps] == [True, False, False, False]


def test_an_entry_that_comes_twice_is_kept_once(heard: dict[str, bytes], tmp_path: Path) -> None:
    folder = archive(tmp_path / "out")
    wipe_out()
    index = folder / "index.jsonl"
    index.write_bytes(index.read_bytes() * 2)
    assert sum(not step.problem for step in bring(folder)) == 3
    assert len(everything()) == 3


_SPOILS: dict[str, Callable[[Path], object]] = {
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "empty": lambda file: os.truncate(file, 0),
    "noise": lambda file: file.write_bytes(os.urandom(1000)),
    "link": lambda file: (file.rename(file.with_name("real")), file.symlink_to(file.with_name("real"))),
    "folder": lambda file: (file.unlink(), file.mkdir()),
    "pipe": lambda file: (file.unlink(), os.mkfifo(file)),
    "huge": lambda file: os.truncate(file, 65 << 20),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("how", list(_SPOILS))
def test_a_bad_sound_file_is_named_and_the_rest_is_kept(heard: dict[str, bytes], tmp_path: Path, how: str) -> None:
    folder = archive(tmp_path / "out")
    wipe_out()
    _SPOILS[how](next(folder.glob("*.flac")))
    bad = [step for step in bring(folder) if step.problem]
    assert [step.line for step in bad] == [1] and ".flac" in bad[0].problem
    assert [recording.id for recording in everything()] == list(heard)[1:]


def test_a_sealed_folder_wants_the_right_identity(heard: dict[str, bytes], tmp_path: Path) -> None:
    (other, _), (identity, recipient) = pair(False), pair(True)
    folder = archive(tmp_path / "out", [recipient])
    for wrong in ([], [other]):
        with pytest.raises(VaultLocked):
            bring(folder, wrong)
    sealed = next(folder.glob("*.flac.age"))
    sealed.write_bytes(sealed.read_bytes()[:-1])
    wipe_out()
    assert [step.problem.split(": ")[1] for step in bring(folder, [identity]) if step.problem] == ["payload failure"]
    with open(folder / "index.jsonl.age", "r+b") as file:
        file.truncate(2000)
    with pytest.raises(UsageError, match="does not open"):
        bring(folder, [identity])


def test_what_is_no_export_is_refused(vault: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/index.jsonl").mkdir()
    for place, error in (("empty", NotFound), ("nowhere", NotFound), ("file", UsageError), ("odd", UsageError)):
        with pytest.raises(error):
            bring(tmp_path / place)


def test_identities_are_read_as_age_keygen_writes_them(tmp_path: Path) -> None:
    from echoctl.vault import age

    (_, secret), _ = pair(False)
    file = tmp_path / "key"
    line = age.identity_line(secret)
    file.write_text(f"# created: today\n# public key: age1…\n{line}\n{age.encode(age.HYBRID_PREFIX, secret).upper()}\n")
    assert importing.identities(str(file)) == [(age.PREFIX, secret), (age.HYBRID_PREFIX, secret)]
    for text in ("", "# nothing\n", "hello\n", line[:-1] + "\n", "\udcff"):
        file.write_bytes(text.encode(errors="surrogateescape"))
        with pytest.raises(UsageError):
            importing.identities(str(file))


def test_a_full_store_loses_nothing_that_was_reported(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(120):
        say(recorder, f"number {n}", MORNING_MS + n, sound=bytes(640))
    folder = archive(tmp_path / "out")
    wipe_out()
    adopt, calls = Recorder.adopt, []

    def fails(self: Recorder, found: Any) -> dict[str, bool]:
        calls.append(len(found))
        if len(calls) == 2:
            raise StoreError("the disk is full")
        return adopt(self, found)

    found = importing.Import(str(folder))
    reported = []
    with monkeypatch.context() as patch, contextlib.closing(found), pytest.raises(StoreError):
        patch.setattr(Recorder, "adopt", fails)
        for step in found.run():
            reported.append(step.name)
    assert [recording.id for recording in everything()] == reported and len(reported) == 50
    assert sum(step.present for step in bring(folder)) == 50
    assert len(everything()) == 120


def test_one_decoder_serves_several_imports(heard: dict[str, bytes], tmp_path: Path) -> None:
    folder = archive(tmp_path / "out")
    with decoding.Decoder() as decoder:
        for _ in range(2):
            wipe_out()
            found = importing.Import(str(folder), (), decoder)
            with contextlib.closing(found):
                assert not any(step.problem for step in found.run())
    shutil.rmtree(folder)
    assert paths.database()


def test_what_somebody_else_imports_meanwhile_is_not_an_error(
    heard: dict[str, bytes], tmp_path: Path, recorder: Recorder
) -> None:
    folder = archive(tmp_path / "out")
    wipe_out()
    adopt = Recorder.adopt
    with pytest.MonkeyPatch.context() as patch:

        def later(self: Recorder, found: Any) -> dict[str, bool]:
            adopt(recorder, found)
            return adopt(self, found)

        patch.setattr(Recorder, "adopt", later)
        assert all(step.present and not step.problem for step in bring(folder))
    assert len(everything()) == len(heard)


def test_what_is_being_deleted_is_named_and_can_come_back_later(heard: dict[str, bytes], tmp_path: Path) -> None:
    folder = archive(tmp_path / "out")
    with contextlib.closing(db.connect(paths.database())) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM recording").fetchone()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(purging.wal, "BUSY_SECONDS", 0.0)
            assert not purge.run(purge.plan(ALL)).done
            assert all("being deleted" in step.problem for step in bring(folder))
    assert purge.settle()
    assert not any(step.problem or step.present for step in bring(folder))
    assert len(everything()) == len(heard)
