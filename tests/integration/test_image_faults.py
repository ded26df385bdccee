"""Faults of registries and of images that peers were seen to fail at, one test each, against docker-registry."""

import io
import os
import tarfile
import threading
import time

import pytest

from support.fault_proxy import AlterResponse, CutResponse, FaultProxy, Status
from support.faulty_registry import layer
from support.images import Pusher, layer_digest
from support.program import run_program
from support.registry_server import RegistryServer


@pytest.fixture
def registry(tmp_path):
    with RegistryServer(tmp_path / "registry") as server:
        yield server


@pytest.fixture
def proxy(registry):
    with FaultProxy(registry.host) as made:
        yield made


@pytest.fixture
def destination(tmp_path):
    directory = tmp_path / "destination"
    directory.mkdir()
    return directory


def source_of(proxy) -> dict:
    return {"repository": f"{proxy.host}/acme/app", "tag": "main"}


def get(programs, proxy, digest: str, destination, **params):
    request = {"source": source_of(proxy), "version": {"tag": "main", "digest": digest}, "params": params}
    return run_program(programs, "in", request, destination)


def refused(result, destination) -> str:
    """The one line, after nothing was left behind."""
    assert result.status == 1 and result.stdout == ""
    assert list(destination.iterdir()) == []
    return result.error


def tar_of(*entries: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for entry in entries:
            tar.addfile(entry)
    return buffer.getvalue()


@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_a_layer_with_altered_bytes_is_refused(programs, registry, proxy, destination, position):
    pusher = Pusher(registry)
    digest = pusher.image("main", [layer([("a", os.urandom(100_000))])])
    blob = layer_digest(pusher, digest)
    size = registry.blob(blob).stat().st_size
    proxy.faults.append(AlterResponse(blob, at={"first": 0, "middle": size // 2, "last": size - 1}[position]))
    assert "its bytes have the digest" in refused(get(programs, proxy, digest, destination), destination)


def test_bytes_altered_where_they_lie_are_refused(programs, registry, proxy, destination):
    pusher = Pusher(registry)
    digest = pusher.image("main", [layer([("a", os.urandom(100_000))])])
    blob = layer_digest(pusher, digest)
    content = bytearray(registry.blob(blob).read_bytes())
    content[1000] ^= 1
    registry.blob(blob).write_bytes(content)
    assert blob in refused(get(programs, proxy, digest, destination), destination)


@pytest.mark.parametrize("path", ["/manifests/", "/blobs/"])
def test_one_503_is_asked_again(programs, registry, proxy, destination, path):
    digest = Pusher(registry).image("main", [layer([("a", b"1")])])
    proxy.faults.append(Status(path, status=503))
    result = get(programs, proxy, digest, destination)
    assert result.answer["version"]["digest"] == digest
    assert "HTTP status 503; attempt 2 of 8" in result.stderr


def test_check_asks_again_after_a_503(programs, registry, proxy):
    digest = Pusher(registry).image("main", [layer([("a", b"1")])])
    proxy.faults.append(Status("/manifests/", status=503))
    assert run_program(programs, "check", {"source": source_of(proxy)}).answer == [{"tag": "main", "digest": digest}]


def test_a_registry_that_restarts_is_waited_for_from_the_first_request_on(programs, registry):
    digest = Pusher(registry).image("main", [layer([("a", b"1")])])
    registry.stop()
    later = threading.Timer(4, registry.start)
    later.start()
    try:
        result = run_program(programs, "check", {"source": {"repository": f"{registry.host}/acme/app", "tag": "main"}})
    finally:
        later.join()
    assert result.answer == [{"tag": "main", "digest": digest}]
    assert "attempt 2 of 8" in result.stderr


def test_retry_after_is_waited_for(programs, registry, proxy):
    digest = Pusher(registry).image("main", [layer([("a", b"1")])])
    proxy.faults.append(Status("/manifests/", status=429, headers={"Retry-After": "2"}))
    start = time.monotonic()
    assert run_program(programs, "check", {"source": source_of(proxy)}).answer == [{"tag": "main", "digest": digest}]
    assert time.monotonic() - start >= 2


def test_a_pause_that_is_too_long_is_an_error_at_once(programs, registry, proxy):
    Pusher(registry).image("main", [layer([("a", b"1")])])
    proxy.faults.append(Status("/manifests/", status=429, headers={"Retry-After": "3600"}, times=9))
    result = run_program(programs, "check", {"source": source_of(proxy)})
    assert result.status == 1 and "429" in result.error and "3600" in result.error
    assert "attempt" not in result.stderr


def test_a_blob_cut_half_way_continues_there(programs, registry, proxy, destination):
    pusher = Pusher(registry)
    digest = pusher.image("main", [layer([("a", os.urandom(3_000_000))])])
    blob = layer_digest(pusher, digest)
    size = registry.blob(blob).stat().st_size
    proxy.faults.append(CutResponse(blob, after=1_000_000))
    assert get(programs, proxy, digest, destination).answer
    ranges = [headers["Range"] for _, path, headers in proxy.requests if blob in path and "Range" in headers]
    assert ranges == ["bytes=1000000-"]
    assert proxy.sent < size * 1.5, "what had come was asked for again"


def test_a_refused_manifest_is_not_asked_for_again(programs, registry, proxy, destination):
    digest = Pusher(registry).image("main", [layer([("a", b"1")])])
    proxy.faults.append(Status("/manifests/", status=403, body=b'{"errors":[{"code":"DENIED","message":"no"}]}', times=9))
    assert "403 Forbidden (DENIED: no)" in refused(get(programs, proxy, digest, destination), destination)
    assert sum("/manifests/" in path for _, path, _ in proxy.requests) == 1


def test_a_version_that_is_gone(programs, registry, proxy, destination):
    Pusher(registry).image("main", [layer([("a", b"1")])])
    gone = "sha256:" + "a" * 64
    for params in ({}, {"skip_download": True}):
        assert "no such image any more" in refused(get(programs, proxy, gone, destination, **params), destination)


def test_a_content_of_another_diff_id_is_refused(programs, registry, proxy, destination):
    other = {"type": "layers", "diff_ids": ["sha256:" + "b" * 64]}
    digest = Pusher(registry).image("main", [layer([("a", b"1")])], rootfs=other)
    assert "diffID" in refused(get(programs, proxy, digest, destination), destination)


@pytest.mark.parametrize("entries, words", [
    ([("../../x", b"evil")], "leads above the root"),
    ([("/../x", b"evil")], "leads above the root"),
    ([("up", "-> ../../.."), ("up/x", b"evil")], "leads above the root"),
    ([(".wh.", b"")], "names nothing that could be removed"),
    ([("d/kept", b"1"), ("d/.wh...", b"")], "names nothing that could be removed"),
])
def test_an_entry_that_would_do_harm_is_refused(programs, registry, proxy, destination, tmp_path, entries, words):
    outside = tmp_path / "outside"
    outside.mkdir()
    entries = [(name, content.format(outside=outside) if isinstance(content, str) else content) for name, content in entries]
    digest = Pusher(registry).image("main", [layer(entries)])
    assert words in refused(get(programs, proxy, digest, destination), destination)
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "x").exists()


def test_a_link_to_the_outside_leads_to_the_same_place_within(programs, registry, proxy, destination, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    digest = Pusher(registry).image("main", [layer([("out", f"-> {outside}"), ("out/x", b"1")])])
    assert get(programs, proxy, digest, destination).answer
    assert list(outside.iterdir()) == []
    assert (destination / "rootfs" / str(outside)[1:] / "x").read_bytes() == b"1"


def test_a_hard_link_to_the_outside_is_refused(programs, registry, proxy, destination, tmp_path):
    (tmp_path / "secret").write_text("secret")
    link = tarfile.TarInfo("x")
    link.type, link.linkname = tarfile.LNKTYPE, "../../secret"
    digest = Pusher(registry).image("main", [tar_of(link)])
    refused(get(programs, proxy, digest, destination), destination)


def test_an_opaque_whiteout_where_no_directory_is_does_nothing(programs, registry, proxy, destination):
    digest = Pusher(registry).image("main", [layer([("a", b"1")]), layer([("d/.wh..wh..opq", b"")])])
    assert get(programs, proxy, digest, destination).answer
    assert [path.name for path in (destination / "rootfs").iterdir()] == ["a"]


def test_whiteouts_hide_lower_layers(programs, registry, proxy, destination):
    digest = Pusher(registry).image("main", [
        layer([("d/old", b"1"), ("e/old", b"1"), ("f", b"1")]),
        layer([("d/new", b"2"), ("d/.wh..wh..opq", b""), ("e/.wh.old", b""), (".wh.f", b"")])])
    assert get(programs, proxy, digest, destination).answer
    found = {str(path.relative_to(destination / "rootfs")) for path in (destination / "rootfs").rglob("*")}
    assert found == {"d", "d/new", "e"}
