"""Puts of images that are ready (params.image), to a real registry: archives of docker save and OCI layouts, versions and
their aliases, mounts, pushes that were cut."""

import gzip
import json
import pathlib
import random
import subprocess
import tarfile

import pytest

from support.archives import Layout, compressed, configuration, docker_archive, docker_members, write_tar
from support.fault_proxy import CutRequest, FaultProxy, Status
from support.faulty_registry import MANIFEST, digest_of, layer
from support.images import INDEX, Pusher, tree
from support.program import run_program
from support.push_image import DOCKER
from support.registry_server import RegistryServer

BASE = layer([("etc/motd", b"base")])
APPLICATION = layer([("app/name", b"ready"), ("app/data", bytes(range(256)) * 2000)])
ACCEPT = {"Accept": f"{MANIFEST}, {INDEX}, {DOCKER['manifest']}"}


class Bench:
    """Inputs, a registry behind a proxy that counts, and puts to it."""

    def __init__(self, programs: pathlib.Path, tmp: pathlib.Path, registry: RegistryServer, proxy: FaultProxy):
        self.programs, self.tmp, self.registry, self.proxy = programs, tmp, registry, proxy
        self.pusher = Pusher(registry, "app")
        self.inputs = tmp / "inputs"
        self.inputs.mkdir()

    def request(self, source: dict | None = None, **params) -> dict:
        return {"source": {"repository": f"{self.proxy.host}/app", "tag": "main", **(source or {})}, "params": params}

    def put(self, source: dict | None = None, **params):
        self.proxy.requests.clear()
        temporary = self.tmp / "temporary"
        temporary.mkdir(exist_ok=True)
        result = run_program(self.programs, "out", self.request(source, **params), self.inputs, env={"TMPDIR": str(temporary)})
        assert list(temporary.iterdir()) == []
        return result

    def manifest(self, tag: str = "main", repository: str = "app") -> tuple[dict, str]:
        content = self.pusher.registry.request("GET", f"/v2/{repository}/manifests/{tag}", headers=ACCEPT).read()
        return json.loads(content), digest_of(content)

    def tags(self) -> set[str]:
        return set(json.loads(self.pusher.registry.request("GET", "/v2/app/tags/list").read())["tags"])

    def sent(self, *methods: str) -> list[str]:
        return [path for method, path, _ in self.proxy.requests if method in methods]

    def referrers(self, digest: str) -> list[str]:
        """By the tag schema, since docker-registry has no API for them."""
        index, _ = self.manifest(digest.replace(":", "-"))
        return sorted(entry["digest"] for entry in index["manifests"])

    def rootfs(self, answer: dict) -> dict[str, str]:
        """The files that the implicit get gives."""
        target = self.tmp / f"get-{answer['version']['digest'][-8:]}"
        target.mkdir()
        request = {"source": self.request()["source"], "version": answer["version"]}
        got = run_program(self.programs, "in", request, target)
        assert got.answer["version"] == answer["version"]
        return tree(target / "rootfs")


@pytest.fixture
def bench(programs, tmp_path):
    with RegistryServer(tmp_path / "registry") as registry, FaultProxy(registry.host) as proxy:
        yield Bench(programs, tmp_path, registry, proxy)


def test_an_archive_of_docker_save_is_pushed_always_as_the_same_image(bench):
    docker_archive(bench.inputs / "app/image.tar", [BASE, APPLICATION], tags=["acme/app:1"])
    answer = bench.put(image="app/image.tar").answer
    manifest, digest = bench.manifest()
    assert answer == {"version": {"tag": "main", "digest": digest},
                      "metadata": [{"name": "repository", "value": f"{bench.proxy.host}/app"}, {"name": "tags", "value": "main"}]}
    assert manifest["mediaType"] == DOCKER["manifest"]
    assert [each["mediaType"] for each in manifest["layers"]] == [DOCKER["layer"]] * 2
    assert bench.rootfs(answer)["app/name"] == "ready"
    # Other order of its members, long names before it, the whole compressed: the same image.
    members = docker_members([BASE, APPLICATION], tags=["acme/app:1"])
    write_tar(bench.inputs / "again/image.tar", [("x" * 300, b"x"), *reversed(members)], format=tarfile.PAX_FORMAT)
    (bench.inputs / "again/image.tgz").write_bytes(gzip.compress((bench.inputs / "again/image.tar").read_bytes()))
    for name in ("image.tar", "image.tgz"):
        again = bench.put(image=f"again/{name}")
        assert again.answer == answer and "nothing has changed" in again.stderr
        assert len(bench.proxy.requests) <= 8 and not bench.sent("POST", "PATCH")


def test_layers_that_are_compressed_stay_as_they_are(bench):
    docker_archive(bench.inputs / "image.tar", [BASE, APPLICATION], compressed)
    bench.put(image="image.tar").answer
    manifest, _ = bench.manifest()
    assert [each["digest"] for each in manifest["layers"]] == [digest_of(compressed(tar)) for tar in (BASE, APPLICATION)]
    # The bytes of go-containerregistry, whose image has the same digest then.
    config = configuration([BASE, APPLICATION])
    layers = ",".join(f'{{"mediaType":"{DOCKER["layer"]}","size":{len(compressed(tar))},"digest":"{digest_of(compressed(tar))}"}}'
                      for tar in (BASE, APPLICATION))
    expected = (f'{{"schemaVersion":2,"mediaType":"{DOCKER["manifest"]}","config":{{"mediaType":"{DOCKER["config"]}",'
                f'"size":{len(config)},"digest":"{digest_of(config)}"}},"layers":[{layers}]}}')
    assert bench.manifest()[1] == digest_of(expected.encode())


def test_layers_that_occur_twice_are_sent_once(bench):
    members = docker_members([BASE, APPLICATION, BASE])
    path = f"{digest_of(BASE).partition(':')[2]}/layer.tar"
    manifest = json.loads(dict(members)["manifest.json"])
    manifest[0]["Layers"] = [path, manifest[0]["Layers"][1], "twice/layer.tar"]
    links = [("twice/layer.tar", f"-> ../{path}"), ("hard", f"= {path}")]
    write_tar(bench.inputs / "image.tar", [*links, *members[:-1], ("manifest.json", json.dumps(manifest).encode())])
    bench.put(image="image.tar").answer
    layers = [each["digest"] for each in bench.manifest()[0]["layers"]]
    assert len(layers) == 3 and layers[0] == layers[2] != layers[1]


def test_files_with_holes_are_read_whole(bench):
    hole = layer([("data", bytes(4 << 20))])
    directory = bench.tmp / "saved"
    for name, content in docker_members([hole]):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        with (directory / name).open("wb") as file:
            for start in range(0, len(content), 4096):
                block = content[start:start + 4096]
                file.seek(start)
                if any(block):
                    file.write(block)
            file.truncate(len(content))
    for form in ("gnu", "posix"):
        archive = bench.inputs / f"{form}.tar"
        subprocess.run(["tar", f"--format={form}", "--sparse", "-cf", archive, "-C", directory, "."], check=True)
        assert archive.stat().st_size < 1 << 20
        bench.put(image=f"{form}.tar").answer
        assert bench.manifest()[0]["config"]["digest"] == digest_of(configuration([hole]))


@pytest.mark.parametrize("form", ["directory", "archive"])
def test_a_layout_of_one_image_is_pushed_as_that_image(bench, form):
    layout = Layout(bench.tmp / "oci" if form == "archive" else bench.inputs / "oci")
    digest = layout.tag(layout.image([BASE, APPLICATION], annotations={"made": "here"}))
    if form == "archive":
        layout.archive(bench.inputs / "oci.tar")
    answer = bench.put(image="o*").answer
    assert answer["version"]["digest"] == digest == bench.manifest()[1]
    assert bench.rootfs(answer)["etc/motd"] == "base"


@pytest.mark.parametrize("form", ["directory", "archive"])
@pytest.mark.parametrize("nesting", ["index.json", "one index", "an index of an index"])
def test_an_index_goes_with_its_children_and_into_no_other(bench, form, nesting):
    layout = Layout(bench.tmp / "oci" if form == "archive" else bench.inputs / "oci")
    images = [{**layout.image([BASE, APPLICATION]), "platform": {"os": "linux", "architecture": "amd64"}},
              {**layout.image([BASE]), "platform": {"os": "linux", "architecture": "arm64"}}]
    if nesting == "index.json":
        for entry in images:
            layout.tag(entry, entry["platform"]["architecture"])
        digest = digest_of((layout.directory / "index.json").read_bytes())
    else:
        index = layout.index(images)
        digest = layout.tag(index if nesting == "one index" else layout.index([index])) if nesting == "one index" else index["digest"]
        if nesting != "one index":
            layout.tag(layout.index([index]))
    if form == "archive":
        layout.archive(bench.inputs / "oci.tar")
    answer = bench.put(image="oci*").answer
    assert answer["version"]["digest"] == digest == bench.manifest()[1]
    for image in images:
        assert bench.manifest(image["digest"])[1] == image["digest"]
    assert bench.rootfs(answer)["app/name"] == "ready"
    bench.put(image="oci*").answer
    assert len(bench.proxy.requests) <= 8


def test_a_layout_that_a_get_wrote_is_pushed_as_what_it_was(bench):
    digest = bench.pusher.image("first", [BASE, APPLICATION])
    got = run_program(bench.programs, "in", {"source": bench.request({"tag": "first"})["source"], "params": {"format": "oci-layout"},
                                             "version": {"tag": "first", "digest": digest}}, bench.inputs)
    assert got.status == 0, got.stderr
    assert bench.put(image="oci").answer["version"]["digest"] == digest
    assert "no job again" in bench.put({"tag": "other"}, image="oci").stderr and not bench.sent("POST", "PATCH")


def attached(layout: Layout, subject: dict, content: bytes, kind: str) -> dict:
    """An artifact that says something of `subject` (image-spec, manifest.md, "Guidelines for Artifact Usage")."""
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": layout.blob(b"{}", "application/vnd.oci.empty.v1+json"),
                "layers": [layout.blob(content, kind)], "subject": {name: subject[name] for name in ("mediaType", "digest", "size")}}
    return layout.blob(json.dumps(manifest).encode(), MANIFEST)


def test_what_refers_to_an_image_goes_with_it(bench):
    """A signature and a bill of materials, as oras and regctl copy them into a layout beside the image."""
    layout = Layout(bench.inputs / "oci")
    image = layout.image([BASE, APPLICATION])
    index = layout.index([{**image, "platform": {"os": "linux", "architecture": "amd64"}}, layout.image([BASE])])
    bill = attached(layout, image, b"a bill of materials", "application/vnd.cyclonedx+json")
    signatures = [attached(layout, subject, b"signed", "application/vnd.example.signature") for subject in (index, bill)]
    for number, entry in enumerate([bill, index, *signatures]):
        layout.tag(entry, f"entry-{number}")
    result = bench.put(image="oci")
    assert result.answer["version"]["digest"] == index["digest"] == bench.manifest()[1]
    assert "sent 3 artifacts that refer to it" in result.stderr and bench.tags() >= {"main"}
    for subject, expected in ((image, [bill]), (index, signatures[:1]), (bill, signatures[1:])):
        assert bench.referrers(subject["digest"]) == [entry["digest"] for entry in expected]
    # The tag moves last, and what is there is not sent again; a new one goes though the image stands.
    assert bench.sent("PUT")[-1].endswith("/manifests/main")
    again = bench.put(image="oci")
    assert "nothing has changed" in again.stderr and "artifact" not in again.stderr and not bench.sent("POST", "PATCH")
    later = attached(layout, image, b"scanned", "application/vnd.example.report")
    layout.tag(later, "later")
    once_more = bench.put(image="oci")
    assert "nothing has changed" in once_more.stderr and "sent 1 artifact that refers to it" in once_more.stderr
    assert bench.referrers(image["digest"]) == sorted([bill["digest"], later["digest"]])


def test_annotations_cannot_be_given_to_what_is_referred_to(bench):
    layout = Layout(bench.inputs / "oci")
    image = layout.image([BASE])
    layout.tag(image)
    layout.tag(attached(layout, image, b"signed", "application/vnd.example.signature"), "signature")
    result = bench.put(image="oci", annotations={"a": "b"})
    assert result.status != 0 and not bench.sent("POST", "PATCH", "PUT")
    assert "params.annotations would give it another digest than " + image["digest"] in result.error


def test_annotations_are_those_of_what_gets_the_tag(bench):
    docker_archive(bench.inputs / "image.tar", [BASE])
    bench.put(image="image.tar", annotations={"org.opencontainers.image.version": "7"}).answer
    manifest, _ = bench.manifest()
    assert manifest["annotations"] == {"org.opencontainers.image.version": "7"} and manifest["mediaType"] == MANIFEST
    layout = Layout(bench.inputs / "oci")
    images = [layout.image([BASE]), layout.image([APPLICATION])]
    layout.tag(layout.index(images, annotations={"kept": "yes"}))
    answer = bench.put(image="oci", annotations={"org.opencontainers.image.version": "8"}).answer
    index, digest = bench.manifest()
    assert index["annotations"] == {"org.opencontainers.image.version": "8", "kept": "yes"}
    assert [entry["digest"] for entry in index["manifests"]] == [image["digest"] for image in images]
    assert answer["version"]["digest"] == digest


def test_a_version_brings_its_aliases(bench):
    docker_archive(bench.inputs / "image.tar", [BASE])
    (bench.inputs / "tags").write_text("stable\n blue\tgreen\n")
    everything = {"image": "image.tar", "bump_aliases": True, "additional_tags": "tags", "tag_prefix": "dev-"}
    answer = bench.put({"tag": None}, version="v1.2", **everything).answer
    assert answer["version"]["tag"] == "1.2.0" and answer["metadata"][1] == {
        "name": "tags", "value": "1.2.0 dev-stable dev-blue dev-green 1.2 1 latest"}
    assert bench.tags() == {"1.2.0", "1.2", "1", "latest", "dev-stable", "dev-blue", "dev-green"}
    older = docker_archive(bench.inputs / "older.tar", [APPLICATION])
    bench.put({"tag": None}, image=older.name, version="1.1.9", bump_aliases=True).answer
    assert bench.manifest("1.1")[1] == bench.manifest("1.1.9")[1]
    assert bench.manifest("1")[1] == bench.manifest("latest")[1] == answer["version"]["digest"]
    result = bench.put({"tag": None, "variant": "alpine"}, image=older.name, version="2.0.0-rc.1", bump_aliases=True)
    assert result.answer["version"]["tag"] == "2.0.0-rc.1-alpine" and "is a pre-release" in result.stderr
    assert bench.put({"variant": "lts"}, image=older.name, version="1.0.0", bump_aliases=True).answer["metadata"][1][
        "value"] == "main 1.0.0-lts 1.0-lts 1-lts lts"


def test_another_tag_of_an_image_that_is_there_says_so(bench):
    docker_archive(bench.inputs / "image.tar", [APPLICATION])
    bench.put(image="image.tar").answer
    result = bench.put({"tag": "production"}, image="image.tar")
    assert result.status == 0 and result.stderr.rstrip().endswith(": it was there already; its tags are set")


def test_blobs_of_another_repository_are_mounted(bench):
    """The base's repository stands in the image's annotations."""
    Pusher(bench.registry, "base").image("1", [BASE])
    base = gzip.compress(BASE)  # as the pusher compresses
    layout = Layout(bench.inputs / "oci")
    layout.tag(layout.image([BASE, APPLICATION], lambda tar: base if tar is BASE else compressed(tar),
                            annotations={"org.opencontainers.image.base.name": f"{bench.proxy.host}/base:1"}))
    pushed = Pusher(bench.registry, "base")
    pushed.blob(base, "application/vnd.oci.image.layer.v1.tar+gzip")
    result = bench.put(image="oci")
    assert result.status == 0 and "of 3 blobs 2 sent (2.7 kB), 1 mounted" in result.stderr


def test_a_push_that_was_cut_goes_on_where_it_was(bench):
    docker_archive(bench.inputs / "image.tar", [BASE, layer([("random", random.Random(1).randbytes(3_000_000))])])
    bench.proxy.faults += [CutRequest("/blobs/uploads/", method="PATCH", after=1_000_000),
                           Status("/manifests/main", method="PUT", status=403, times=100)]
    failed = bench.put(image="image.tar")
    assert failed.status != 0 and "attempt 2 of 8" in failed.stderr and "403" in failed.error
    # Nothing of the image can be seen before all of it is there; then only what is missing is sent.
    assert bench.sent("PATCH") and not (bench.registry.data / "docker/registry/v2/repositories/app/_manifests/tags").exists()
    bench.proxy.faults.clear()
    result = bench.put(image="image.tar")
    assert result.status == 0 and "3 blobs there already" in result.stderr and not bench.sent("POST", "PATCH")
