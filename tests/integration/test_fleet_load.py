"""Puts of a fleet against registries that misbehave at random while it works, and images of unusual make."""

import collections
import json
import random
import socket
import subprocess

import pytest

from support.fault_proxy import CutResponse, FaultProxy, Status
from support.fleet import CONFIG, LAYER, MANIFEST, Layer, base_layers, dump
from support.fleet_put import APPLICATIONS, Fleet
from support.program import run_program
from support.registry_server import RegistryServer, free_port

ZSTD = LAYER.replace("gzip", "zstd")


class Unreliable(FaultProxy):
    """Of so many requests in a hundred some are answered 429, some 503, and some not to their end."""

    def __init__(self, upstream: str, share: float, seed: int):
        super().__init__(upstream)
        self.share, self.rolled, self.struck = share, random.Random(seed), collections.Counter()

    def take_fault(self, method: str, path: str):
        with self.lock:
            if self.rolled.random() >= self.share:
                return None
            kind = self.rolled.choice(("429", "503", "reset"))
            self.struck[kind] += 1
        if kind == "reset":
            return CutResponse(path, after=0)
        return Status(path, status=int(kind), headers={"Retry-After": self.rolled.choice("01")} if kind == "429" else {})


class Between(FaultProxy):
    """Calls `act` once, when a request whose path holds `path` is on its way."""

    def __init__(self, upstream: str):
        super().__init__(upstream)
        self.path, self.act = "", lambda: None

    def take_fault(self, method: str, path: str):
        with self.lock:
            act = None
            if self.path and method == "PUT" and self.path in path:
                self.path, act = "", self.act
        if act:
            act()
        return None


@pytest.fixture
def server(tmp_path):
    with RegistryServer(tmp_path / "registry") as server:
        yield server


@pytest.mark.parametrize(("applications", "share"),
                         [(APPLICATIONS, 0.03), pytest.param(60, 0.05, marks=pytest.mark.release)])
def test_a_registry_that_fails_at_random_under_load(programs, server, tmp_path, applications, share):
    with Unreliable(server.host, share, seed=8) as proxy:
        fleet = Fleet(programs, server, tmp_path, proxy.host, applications=applications)
        result = fleet.put(timeout=500)
        assert result.status == 0, result.stderr
        fleet.assert_whole()
        assert sum(proxy.struck.values()) > 2, proxy.struck
        proxy.share = 0
        assert fleet.put().status == 0
        fleet.assert_patched()


def test_an_image_that_its_pipeline_pushes_in_between_is_left_alone(programs, server, tmp_path):
    with Between(server.host) as proxy:
        fleet = Fleet(programs, server, tmp_path, proxy.host)
        repository = fleet.repositories[0]
        pushed = []

        def push() -> None:
            pushed.append(fleet.storage.application(repository, "main", "3.0.11-1", fleet.old, code="newer"))

        proxy.path, proxy.act = f"/v2/{repository}/manifests/sha256:", push
        result = fleet.put()
        assert collections.Counter(fleet.states(result)) == {"rebased": APPLICATIONS - 1, "moved": 1}
        assert fleet.storage.tag(repository, "main") == pushed[0]
        assert f"its tag was moved meanwhile, to {pushed[0]}" in result.stderr


@pytest.mark.release
def test_one_host_of_three_is_down(programs, server, tmp_path):
    with RegistryServer(tmp_path / "second") as second:
        fleet = Fleet(programs, server, tmp_path)
        other = Fleet(programs, second, tmp_path, name="other")
        away = f"127.0.0.1:{free_port()}"
        fleet.images += other.images + [f"{away}/acme/app{number}:main" for number in range(200)]
        fleet.extra = {"fleet": {**fleet.request["source"]["fleet"], "images": fleet.images,
                                 "repositories": [{"repository": f"{away}/acme/many"}, {"repository": f"{server.host}/run", "tags": "^none$"}]}}
        states = collections.Counter(fleet.states(fleet.put()))
        # What stands on the second host stands on a base of its own name.
        assert states == {"rebased": APPLICATIONS, "another-base": APPLICATIONS, "failed": 201}
        fleet.assert_patched()


def test_a_repository_whose_tags_cannot_be_listed_stops_no_other(programs, server, tmp_path):
    with FaultProxy(server.host) as proxy:
        fleet = Fleet(programs, server, tmp_path, proxy.host)
        proxy.faults.append(Status("/v2/acme/secret/tags/list", times=100, status=403))
        fleet.extra = {"fleet": {**fleet.request["source"]["fleet"], "images": fleet.images,
                                 "repositories": [{"repository": f"{proxy.host}/acme/secret"}, {"repository": f"{proxy.host}/acme/app0"}]}}
        result = fleet.put()
        assert collections.Counter(fleet.states(result)) == {"rebased": APPLICATIONS, "refused": 1}
        assert f"{proxy.host}/acme/secret " in result.stderr and "its tags cannot be listed" in result.stderr


def zstd(raw: bytes) -> bytes:
    return subprocess.run(["zstd", "-q", "-c"], input=raw, capture_output=True, check=True).stdout


def test_bases_and_applications_of_mixed_compressions(programs, server, tmp_path):
    fleet = Fleet(programs, server, tmp_path)
    storage, labels = fleet.storage, {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}

    def mixed(version: str) -> list[Layer]:
        gzipped = base_layers(version)
        status = {"var/lib/dpkg/status": f"Package: openssl\nStatus: install ok installed\nVersion: {version}\n\n"}
        return [gzipped[0], Layer.of(status, compress=zstd, media_type=ZSTD), gzipped[2]]

    old = storage.image("run", "mixed-1", mixed("3.0.11-1"), labels)
    new = storage.image("run", "mixed-2", mixed("3.0.15-1"), labels)
    storage.application("acme/mixed", "main", "", old, layers=mixed("3.0.11-1"))
    fleet.images = [f"{fleet.host}/acme/mixed:main", f"{fleet.host}/acme/app0:main"]
    fleet.params = {"run_image": f"{fleet.host}/run:mixed-2"}
    result = fleet.put()
    assert fleet.states(result) == ["rebased", "rebased"]
    assert "openssl 3.0.11-1 -> 3.0.15-1" in result.stderr
    below = storage.document(new)["layers"]
    for repository in ("acme/mixed", "acme/app0"):
        layers = storage.document(storage.tag(repository, "main"))["layers"]
        assert layers[:3] == below and {layer["mediaType"] for layer in layers} == {LAYER, ZSTD}
        assert storage.is_whole(repository, "main")


@pytest.mark.release
def test_a_manifest_near_the_bound_of_registries(programs, server, tmp_path):
    fleet = Fleet(programs, server, tmp_path)
    storage = fleet.storage

    def annotated(repository: str, size: int) -> None:
        document = storage.document(storage.tag(repository, "main"))
        document["annotations"] = {"note": ""}
        document["annotations"]["note"] = "x" * (size - len(dump(document)))
        storage.manifest(repository, "main", document)

    annotated("acme/app0", 4 * 1024 * 1024 - 100)
    # On a base of four layers more than before the second one would be larger than registries take.
    annotated("acme/app1", 4 * 1024 * 1024 - 100)
    more = [*base_layers("3.0.15-1"), *(Layer.of({f"etc/more-{number}": "x"}) for number in range(4))]
    labels = {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}
    storage.image("run", "more", more, labels)
    before = storage.tag("acme/app1", "main")
    fleet.images = [f"{fleet.host}/acme/app0:main"]
    assert fleet.states(fleet.put()) == ["rebased"]
    assert storage.is_whole("acme/app0", "main") and len(dump(storage.document(storage.tag("acme/app0", "main")))) > 4_190_000
    fleet.images = [f"{fleet.host}/acme/app1:main", f"{fleet.host}/acme/app2:main"]
    fleet.params = {"run_image": f"{fleet.host}/run:more"}
    result = fleet.put()
    assert sorted(fleet.states(result)) == ["not-rebasable", "rebased"]
    assert "and registries take 4.2 MB" in result.stderr
    assert storage.tag("acme/app1", "main") == before


def test_one_image_under_the_names_of_two_hosts(programs, server, tmp_path):
    fleet = Fleet(programs, server, tmp_path)
    port = fleet.host.partition(":")[2]
    if not reaches(f"localhost:{port}"):
        pytest.skip("localhost is not 127.0.0.1 here")
    fleet.images += [f"localhost:{port}/acme/app0:main", fleet.images[1], fleet.images[1]]
    states = collections.Counter(fleet.states(fleet.put()))
    assert sum(states.values()) == APPLICATIONS + 1 and set(states) <= {"rebased", "current"}
    fleet.assert_patched()


def reaches(host: str) -> bool:
    name, _, port = host.partition(":")
    try:
        socket.create_connection((name, int(port)), 2).close()
    except OSError:
        return False
    return True


def test_a_record_that_was_altered_or_is_another_fleets_moves_nothing(programs, server, tmp_path):
    fleet = Fleet(programs, server, tmp_path)
    assert fleet.put().status == 0
    fleet.rewind()
    storage, record = fleet.storage, "acme/fleet"
    standing = storage.tag(record, "main")
    blob = server.blob(storage.document(standing)["config"]["digest"])
    kept = blob.read_bytes()
    blob.write_bytes(kept.replace(b'"rebased"', b'"pinned!"'))
    result = fleet.put()
    assert result.status == 1 and "its bytes have the digest sha256:" in result.error
    blob.write_bytes(kept)
    # Bytes of their own digest, which say something else than a put would have written.
    altered = json.loads(kept)
    altered["images"][0]["image"] = f"{fleet.host}/acme/other@sha256:{'0' * 64}"
    forge(storage, record, standing, dump(altered))
    result = fleet.put()
    assert result.status == 1 and "image is of another repository; it was altered, or is not of this fleet" in result.error
    altered = json.loads(kept)
    altered["record"] = f"{fleet.host}/other/fleet:main"
    forge(storage, record, standing, dump(altered))
    result = fleet.put()
    assert result.status == 1 and f"it is the record of the fleet {fleet.host}/other/fleet:main" in result.error
    assert all(storage.tag(name, "main") == digest for name, digest in fleet.before.items())


def forge(storage, repository: str, like: str, content: bytes) -> None:
    document = storage.document(like)
    entry = {**document["config"], "digest": storage.blob(repository, content), "size": len(content)}
    storage.manifest(repository, "main", {**document, "config": entry, "layers": [entry]})
    assert document["mediaType"] == MANIFEST and document["config"]["mediaType"] != CONFIG


def test_a_history_that_does_not_match_the_layers_is_no_obstacle(programs, server, tmp_path):
    fleet = Fleet(programs, server, tmp_path)
    for name, history in (("short", [{"created_by": "one"}]), ("long", [{"created_by": str(n)} for n in range(40)]), ("text", "none")):
        fleet.storage.application(f"acme/{name}", "main", "3.0.11-1", fleet.old, history=history)
    fleet.images = [f"{fleet.host}/acme/{name}:main" for name in ("short", "long", "text")]
    assert fleet.states(fleet.put()) == ["rebased"] * 3
    for name in ("short", "long", "text"):
        config = json.loads(server.blob(fleet.storage.document(fleet.storage.tag(f"acme/{name}", "main"))["config"]["digest"]).read_text())
        assert len([entry for entry in config["history"] if not entry.get("empty_layer")]) in (0, 5)
    assert run_program(fleet.programs, "check", {"source": fleet.request["source"], "version": None}).answer
