"""What a put of a fleet costs its registry: requests for each image, writes among them, and nothing of the applications."""

import collections
import json

import pytest

from support.fault_proxy import FaultProxy
from support.fleet import Storage
from support.program import run_program
from support.registry_server import RegistryServer

APPLICATIONS = 8


@pytest.fixture
def world(programs, tmp_path):
    with RegistryServer(tmp_path / "registry") as server, FaultProxy(server.host) as proxy:
        storage = Storage(server.data, proxy.host)
        old = storage.base("3.0.11-1", tag="1")
        storage.base("3.0.15-1", tag="2")
        names = [f"acme/app{number}" for number in range(APPLICATIONS)]
        for name in names:
            storage.application(name, "main", "3.0.11-1", old)

        def put(tag: str):
            source = {"fleet": {"record": f"{proxy.host}/acme/fleet:main", "images": [f"{proxy.host}/{name}:main" for name in names]}}
            proxy.requests.clear()
            result = run_program(programs, "out", {"source": source, "params": {"run_image": f"{proxy.host}/run:{tag}"}}, tmp_path)
            assert result.status == 0, result.stderr
            return source, result.answer["version"]

        yield proxy, storage, names, put


def by_image(proxy, names, base: set[str]) -> dict[str, list[tuple[str, str]]]:
    """What each image costs beside mounts. The layers of the old base are read once, wherever they lie: for its packages."""
    found = collections.defaultdict(list)
    for method, path, _ in proxy.requests:
        name = next((name for name in names if path.startswith(f"/v2/{name}/")), "")
        if name and "mount=" not in path and "/referrers/" not in path and path.rpartition("/")[2] not in base:
            found[name].append((method, path))
    return found


def test_twelve_requests_an_image_at_most_six_of_them_writes(world):
    proxy, storage, names, put = world
    before = {name: set(storage.layers(name, "main")[3:]) for name in names}
    base = set(storage.layers(names[0], "main")[:3])
    put("2")
    for name, requests in by_image(proxy, names, base).items():
        assert len(requests) <= 12, "\n".join(f"{method} {path[:90]}" for method, path in requests)
        assert sum(method in ("POST", "PUT", "PATCH") for method, _ in requests) <= 6, requests
        assert not [path for _, path in requests for layer in before[name] if layer in path]
    # A second base meets images that have a build record already: it is read with what lists it.
    base |= set(storage.layers(names[0], "main")[:3])
    storage.base("3.0.16-1", tag="3")
    put("3")
    assert all(len(requests) <= 12 for requests in by_image(proxy, names, base).values())


def test_what_is_current_costs_two_requests_and_a_check_one(world, programs):
    proxy, storage, names, put = world
    put("2")
    source, version = put("2")
    assert all(len(requests) == 2 for requests in by_image(proxy, names, set()).values())
    proxy.requests.clear()
    answer = run_program(programs, "check", {"source": source, "version": version}).answer
    assert answer == [version]
    assert len([path for _, path, _ in proxy.requests if path != "/v2/"]) == 1
    assert json.dumps(answer)
