"""What a put of an image costs its registry in requests and bytes: counts, which do not depend on the machine. The
registry is one without the referrers API, which costs three requests more than one that has it."""

import pytest

from support.fault_proxy import FaultProxy
from support.fleet import Layer, Storage, base_layers
from support.program import run_program
from support.registry_server import RegistryServer

LABELS = {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}


class World:
    def __init__(self, programs, proxy, storage: Storage, directory):
        self.programs, self.proxy, self.storage, self.directory = programs, proxy, storage, directory
        self.source = {"repository": f"{proxy.host}/acme/app", "tag": "main"}

    def base(self, version: str, more: int = 0) -> str:
        """A run image of three layers and as many more as no other version has; it becomes the put's."""
        layers = [*base_layers(version), *(Layer.of({f"usr/{number}": version}) for number in range(more))]
        digest = self.storage.image("run", "base", layers, LABELS)
        (self.directory / "base").mkdir(exist_ok=True)
        (self.directory / "base/image").write_text(f"{self.proxy.host}/run@{digest}")
        return digest

    def run(self, program: str, request: dict, *arguments) -> list[tuple[str, str]]:
        """What it asks for, without mounts, and without the question whether a loopback registry speaks http."""
        self.proxy.requests.clear()
        self.proxy.received = 0
        self.result = run_program(self.programs, program, request, *arguments)
        assert self.result.status == 0, self.result.stderr
        self.all = [(method, path) for method, path, _ in self.proxy.requests]
        return [(method, path) for method, path in self.all if "mount=" not in path and path != "/v2/"]

    def put(self) -> list[tuple[str, str]]:
        return self.run("out", {"source": self.source, "params": {"run_image": "base", "rebase": "only"}}, self.directory)


@pytest.fixture
def world(programs, tmp_path):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    with RegistryServer(tmp_path / "registry") as server, FaultProxy(server.host) as proxy:
        storage = Storage(server.data, proxy.host)
        made = World(programs, proxy, storage, inputs)
        storage.application("acme/app", "main", "1", made.base("1"))
        yield made


@pytest.mark.parametrize("more", [0, 40])
def test_a_rebase_costs_twelve_requests_whatever_the_number_of_layers(world, more):
    own = world.storage.layers("acme/app", "main")[3:]
    # Once in a repository's life the empty object is sent, and what has no record yet is looked for by its digest.
    for version, most in (("2", 14), ("3", 12)):
        world.base(version, more)
        asked = world.put()
        assert "REBASING" in world.result.stderr
        assert len(asked) <= most, "\n".join(f"{method} {path[:100]}" for method, path in asked)
        assert not [path for _, path in world.all if any(layer in path for layer in own)]
        mounts = [path for _, path in world.all if "mount=" in path]
        assert len(mounts) <= 1 + 2 + more, mounts  # one proves the right to write; a layer of the base is the same
        assert world.proxy.received < 25_000


def test_an_unchanged_put_costs_eight_requests(world):
    world.base("2", 10)
    world.put()
    asked = world.put()
    assert "nothing has changed" in world.result.stderr
    assert len(asked) <= 8, "\n".join(f"{method} {path[:100]}" for method, path in asked)
    assert world.proxy.received < 5_000


def test_a_get_without_download_reads_the_record_with_what_lists_it(world, tmp_path):
    world.base("2")
    world.put()
    version = world.result.answer["version"]
    destination = tmp_path / "get"
    destination.mkdir()
    request = {"source": world.source, "version": version, "params": {"skip_download": True, "builds": 1}}
    asked = world.run("in", request, destination)
    # Manifest, configuration, the list by the API and by its tag; the log stands in the list.
    assert len(asked) == 4, asked
    assert "REBASING" in (destination / "logs/1.log").read_text()


def test_a_check_costs_one_request(world):
    current = world.run("check", {"source": world.source})
    assert [method for method, _ in current] == ["HEAD"]
    assert len(world.run("check", {"source": world.source, "version": world.result.answer[0]})) == 1
