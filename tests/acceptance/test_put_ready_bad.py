"""Ready-made images that must not be pushed: each put says in one line which param, what is wrong and what to do, and
sends nothing."""

import gzip
import io
import json
import os
import pathlib
import struct
import tarfile

import pytest

from support.archives import Layout, compressed, docker_archive, docker_members, write_tar
from support.fault_proxy import FaultProxy
from support.faulty_registry import MANIFEST, digest_of, layer
from support.program import run_program
from support.registry_server import RegistryServer

TAR = layer([("etc/motd", b"hello")])
OTHER = layer([("etc/motd", b"other")])


class Bench:
    def __init__(self, programs: pathlib.Path, tmp: pathlib.Path, proxy: FaultProxy):
        self.programs, self.tmp, self.proxy = programs, tmp, proxy
        self.repository = "".join(letter for letter in tmp.name.lower() if letter.isalnum())
        self.inputs = tmp / "inputs"
        self.temporary = tmp / "temporary"
        for directory in (self.inputs, self.temporary):
            directory.mkdir()
        proxy.requests.clear()

    def put(self, where: dict | None = None, **params):
        source = {"repository": f"{self.proxy.host}/{self.repository}", "tag": "main", **(where or {})}
        return run_program(self.programs, "out", {"source": source, "params": params}, self.inputs,
                           env={"TMPDIR": str(self.temporary)})

    def refuses(self, *words: str, where: dict | None = None, field: str = "params.image", **params) -> str:
        result = self.put(where, **{"image": "image", **params})
        assert result.status == 1 and result.stdout == "", result.stderr
        missing = [word for word in (field, *words) if word not in result.error]
        assert not missing, f"{missing} not in: {result.error}"
        # The cause and what to do, and no more than one line.
        assert ": " in result.error and len(result.error) < 600
        assert [method for method, _, _ in self.proxy.requests if method not in ("GET", "HEAD")] == []
        assert list(self.temporary.iterdir()) == []
        return result.error

    def archive(self, members: list, **options) -> None:
        write_tar(self.inputs / "image", members, **options)

    def layout(self) -> Layout:
        return Layout(self.inputs / "image")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("ready") / "registry") as registry, FaultProxy(registry.host) as proxy:
        yield proxy


@pytest.fixture
def bench(programs, tmp_path, proxy):
    return Bench(programs, tmp_path, proxy)


@pytest.mark.parametrize(("params", "field", "words"), [
    ({"image": "none*.tar"}, "params.image", ["no files match glob 'none*.tar'"]),
    ({"image": "*.tar"}, "params.image", ["too many files/directories match glob '*.tar': a.tar, b.tar; name one"]),
    ({"image": "../inputs/a.tar"}, "params.image", ["leaves the inputs"]),
    ({"image": "out"}, "params.image", ["leads out of the inputs"]),
    ({"image": "fifo"}, "fifo", ["regular file"]),
    ({"image": "a.tar", "source": "app"}, "params.source", ["no effect on params.image", "leave out one"]),
    ({"image": "a.tar", "version": "one"}, "params.version", ['invalid semantic version: "one"', "as in"]),
    ({"image": "a.tar", "version": "1.2.3+4"}, "params.version", ["no tag can hold a +", "leave out"]),
    ({"image": "a.tar", "version": 1.1}, "params.version", ["quotes"]),
    ({"image": "a.tar", "tag_prefix": "x-"}, "params.tag_prefix", ["only be used when additional_tags are specified"]),
    ({"image": "a.tar", "tag_prefix": "x-", "additional_tags": "empty"}, "params.tag_prefix", ["empty holds none"]),
    ({"image": "a.tar", "additional_tags": "bad"}, "params.additional_tags, the file bad", ['"no:tag" is not a tag']),
    ({"image": "a.tar", "additional_tags": "binary"}, "params.additional_tags", ["is not a tag"]),
    ({"image": "a.tar", "additional_tags": "gone"}, "params.additional_tags", ["no such file"]),
    ({"image": "a.tar", "additional_tags": "../x"}, "params.additional_tags", ["leaves the inputs"]),
    ({"image": "a.tar", "annotations": {"": "x"}}, "params.annotations", ["needs a name"]),
])
def test_params_that_cannot_be(bench, params, field, words):
    for name in ("a.tar", "b.tar"):
        docker_archive(bench.inputs / name, [TAR])
    (bench.inputs / "out").symlink_to("/etc/hostname")
    os.mkfifo(bench.inputs / "fifo")
    (bench.inputs / "empty").write_text(" \n")
    (bench.inputs / "bad").write_text("fine no:tag")
    (bench.inputs / "binary").write_bytes(b"\x1b[31m\xff")
    bench.refuses(*words, field=field, **params)


def test_a_put_without_a_tag(bench):
    docker_archive(bench.inputs / "image", [TAR])
    bench.refuses("no tag specified", "source.tag, params.version or params.additional_tags", where={"tag": None})
    (bench.inputs / "empty").write_text("")
    bench.refuses("no tag specified", where={"tag": None}, additional_tags="empty")


@pytest.mark.parametrize(("content", "words"), [
    (b"", ["not a tar archive"]),
    (b"PK\x03\x04" + bytes(2000), ["not a tar archive"]),
    (b"\x1f\x8b\x08broken", ["gzip stream is"]),
    (gzip.compress(b"text"), ["not a tar archive"]),
    (b'{"schemaVersion": 2}' * 100, ["not a tar archive"]),
], ids=["empty", "zip", "broken gzip", "compressed text", "JSON"])
def test_what_is_not_an_archive(bench, content, words):
    (bench.inputs / "image").write_bytes(content)
    bench.refuses(*words)


def test_what_holds_no_image(bench):
    bench.archive([("etc/motd", b"hello")])
    bench.refuses("neither manifest.json nor index.json", "docker save")
    bench.archive([("repositories", b"{}"), ("abc/layer.tar", TAR)])
    bench.refuses("older than 1.10")
    (bench.inputs / "directory").mkdir()
    bench.refuses("not an OCI image layout", image="directory")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_an_archive_that_is_cut(bench, part):
    docker_archive(bench.inputs / "image", [layer([("data", bytes(range(256)) * 400)])])
    whole = (bench.inputs / "image").read_bytes().rstrip(b"\0")
    (bench.inputs / "image").write_bytes(whole[:int(len(whole) * part)])
    bench.refuses("cut")
    cut = gzip.compress(whole)
    (bench.inputs / "image").write_bytes(cut[:int(len(cut) * part)])
    bench.refuses("cut")


def changed(members: list, name: str, change) -> list:
    return [(path, change(content) if path == name else content) for path, content in members]


def with_manifest(change) -> list:
    def edit(content: bytes) -> bytes:
        document = json.loads(content)
        other = change(document)
        return json.dumps(document if other is None else other).encode()
    return changed(docker_members([TAR, OTHER], tags=["a:1"]), "manifest.json", edit)


@pytest.mark.parametrize(("members", "words"), [
    (docker_members([TAR])[1:], ["manifest.json names the layer", "is not there"]),
    ([docker_members([TAR])[0], docker_members([TAR])[2]], ["manifest.json names the configuration", "is not there"]),
    (with_manifest(lambda all: [*all, {"RepoTags": ["b:2"]}]), ["holds 2 images: a:1, b:2", "save one image"]),
    (with_manifest(lambda all: []), ["names no image"]),
    (with_manifest(lambda all: {}), ["names no image"]),
    (with_manifest(lambda all: [7]), ["names no image"]),
    (with_manifest(lambda all: all[0].update(Layers=all[0]["Layers"][:1])), ["1 layers", "2 diffIDs"]),
    (with_manifest(lambda all: all[0].update(Layers="x")), ["0 layers", "2 diffIDs"]),
    (with_manifest(lambda all: all[0].update(Layers=[7, None])), ["names the layer"]),
    (with_manifest(lambda all: all[0].update(Config="../../etc/passwd")), ["leads out of it"]),
    (with_manifest(lambda all: all[0].update(Config=None)), ["names the configuration"]),
    (changed(docker_members([TAR]), "manifest.json", lambda _: b"[" * 100_000), ["manifest.json", "nested deeper"]),
    (changed(docker_members([TAR]), "manifest.json", lambda _: b"{"), ["manifest.json"]),
    (changed(docker_members([TAR]), "manifest.json", lambda _: bytes(5 << 20)), ["manifest.json", "larger than"]),
    (changed(docker_members([TAR]), docker_members([TAR])[0][0], lambda _: OTHER), ["has the digest", "configuration names"]),
    (docker_members([TAR, OTHER], lambda tar: compressed(TAR)), ["bytes of another"]),
    (docker_members([TAR], lambda tar: compressed(OTHER)), ["unpacks to", "configuration names"]),
    (docker_members([TAR], lambda tar: compressed(tar)[:-9]), ["gzip stream is cut"]),
    ([("../../etc/cron.d/x", b"x"), *docker_members([TAR])], ["leads out of it"]),
    ([*docker_members([TAR])[1:], (docker_members([TAR])[0][0], "-> ../../../etc/shadow")], ["leads out of it"]),
    ([*docker_members([TAR])[1:], (docker_members([TAR])[0][0], "-> /etc/shadow")], ["leads out of it"]),
    ([*docker_members([TAR])[1:], (docker_members([TAR])[0][0], "= etc/shadow")], ["which is not there"]),
    ([*docker_members([TAR])[1:], (docker_members([TAR])[0][0], None)], ["is not there"]),
    ([*docker_members([TAR]), *docker_members([TAR])], ["2 files manifest.json"]),
])
def test_archives_of_docker_save_that_are_not_whole(bench, members, words):
    bench.archive(members)
    bench.refuses(*words)


def test_a_layer_below_blobs_has_the_digest_of_its_name(bench):
    members = docker_members([TAR], compressed)
    path = f"blobs/sha256/{digest_of(TAR).partition(':')[2]}"
    manifest = json.loads(members[-1][1])
    manifest[0]["Layers"] = [path]
    bench.archive([(path, members[0][1]), members[1], ("manifest.json", json.dumps(manifest).encode())])
    bench.refuses(f"{path}: its bytes have the digest")


def test_layouts_that_are_not_whole(bench):
    layout = bench.layout()
    bench.refuses("index.json names no image")
    image = layout.image([TAR])
    manifest = json.loads(layout.path(image["digest"]).read_bytes())
    blob = layout.path(manifest["layers"][0]["digest"])
    layout.tag(image)
    content = blob.read_bytes()

    blob.write_bytes(content[:-1])
    bench.refuses(f"has {len(content) - 1} bytes, and manifest", f"says {len(content)}")
    blob.write_bytes(content[:-1] + b"x")
    bench.refuses("its bytes have the digest")
    blob.unlink()
    bench.refuses(f"names {manifest['layers'][0]['digest']}, which is not there", "copy it whole")
    blob.symlink_to("/etc/shadow")
    bench.refuses("symbolic link")
    blob.unlink()
    os.mkfifo(blob)
    bench.refuses("not a regular file")
    blob.unlink()
    blob.write_bytes(content)

    config = layout.path(manifest["config"]["digest"])
    kept = config.read_bytes()
    config.write_bytes(kept.replace(b"amd64", b"arm64"))
    bench.refuses("another digest")
    config.write_bytes(kept)
    (bench.inputs / "image/oci-layout").write_text('{"imageLayoutVersion": "2.0.0"}')
    bench.refuses('unknown version "2.0.0"')
    (bench.inputs / "image/oci-layout").unlink()
    (bench.inputs / "image/single-image-digest").write_text("sha256:x")
    layout.tag(layout.image([OTHER]), "other")
    bench.refuses("single-image-digest holds no sha256 digest")
    (bench.inputs / "image/single-image-digest").write_text(digest_of(b"none"))
    bench.refuses("single-image-digest names", "which index.json does not")


def test_an_index_whose_child_is_missing(bench):
    layout = bench.layout()
    images = [layout.image([TAR]), layout.image([OTHER])]
    layout.tag(layout.index(images))
    layout.path(images[1]["digest"]).unlink()
    bench.refuses(f"names {images[1]['digest']}, which is not there")


@pytest.mark.parametrize(("document", "words"), [
    ({"schemaVersion": 1, "name": "app", "tag": "1", "fsLayers": [], "history": []}, ["schema 1"]),
    ({"schemaVersion": 2, "mediaType": MANIFEST, "manifests": [], "layers": []}, ["both an index"]),
    ({"schemaVersion": 2, "mediaType": MANIFEST, "layers": []}, ["config is missing"]),
    ({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": "md5:0"}, "layers": []}, ["only sha256"]),
    ({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": digest_of(b""), "size": -1}, "layers": []}, ["size"]),
])
def test_manifests_that_are_none(bench, document, words):
    layout = bench.layout()
    layout.tag(layout.blob(json.dumps(document).encode(), MANIFEST))
    bench.refuses(*words)


def test_indexes_without_end(bench):
    layout = bench.layout()
    entry = layout.image([TAR])
    other = layout.image([OTHER])
    for _ in range(6):
        entry = layout.index([entry, other])
    layout.tag(entry)
    bench.refuses("below each other")
    layout.entries.clear()
    for _ in range(6):
        entry = layout.index([entry])
    layout.tag(entry)
    bench.refuses("nested too deep")


def test_more_diff_ids_than_layers(bench):
    layout = bench.layout()
    image = layout.image([TAR, OTHER])
    manifest = json.loads(layout.path(image["digest"]).read_bytes())
    manifest["layers"].pop()
    layout.tag(layout.blob(json.dumps(manifest).encode(), MANIFEST))
    bench.refuses("1 layers and its configuration 2 diffIDs")


def test_manifests_that_are_too_large_together(bench):
    """Each is within its own bound, and all of them are held until the end."""
    layout = bench.layout()
    manifest = json.loads(layout.path(layout.image([TAR])["digest"]).read_bytes())
    entries = []
    for number in range(23):
        manifest["annotations"] = {"org.example.filler": f"{number} " + "x" * 3_000_000}
        entries.append(layout.blob(json.dumps(manifest).encode(), MANIFEST))
    layout.tag(layout.index(entries))
    bench.refuses("its manifests are larger than 64.0 MB together")


def test_archives_that_grow_without_end(bench):
    """Of a gzip stream a thousandth of what it unpacks to is enough; of a PAX header its size."""
    header = tarfile.TarInfo("x")
    header.size = 3 << 30
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(header.tobuf())
        for _ in range(1100):
            file.write(bytes(1 << 20))
    (bench.inputs / "image").write_bytes(stream.getvalue())
    bench.refuses("decompresses to more than")


@pytest.mark.parametrize("size", ["77777777777", b"\x80" + b"\xff" * 11, b"\x80" + struct.pack(">xxxQ", 1 << 62)])
def test_members_of_sizes_that_cannot_be(bench, size):
    header = bytearray(tarfile.TarInfo("manifest.json").tobuf())
    header[124:136] = size.encode() + b"\0" if isinstance(size, str) else size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (bench.inputs / "image").write_bytes(bytes(header) + b"[]" + bytes(1022))
    bench.refuses("image")


def test_names_that_drive_a_terminal(bench):
    bench.archive([(f"{index}\x1b[31m\n", b"x") for index in range(2)] +
                  with_manifest(lambda all: all[0].update(Config="\x1b[31mred\nerror: forged")))
    assert "\x1b" not in bench.refuses("which is not there")


def test_what_has_no_effect_is_said_and_does_no_harm(bench):
    docker_archive(bench.inputs / "image", [TAR])
    (bench.inputs / "empty").write_text("")
    result = bench.put(image="image", bump_aliases=True, additional_tags="empty")
    assert result.status == 0 and "params.bump_aliases has no effect without params.version" in result.stderr
    assert "params.additional_tags: the file empty holds no tags" in result.stderr
