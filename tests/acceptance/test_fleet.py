"""The fleet kind on a real docker-registry: check, in and out as Concourse calls them."""

import json
import re
import shutil

import pytest

from support.fleet import Storage
from support.program import run_program
from support.registry_server import RegistryServer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("fleet") / "registry", username="robot", password="robot-password") as server:
        yield server


class Fleet:
    def __init__(self, programs, server, directory, name: str):
        self.programs, self.server, self.directory = programs, server, directory
        self.storage = Storage(server.data, server.host)
        self.name = name
        self.old = self.storage.base("3.0.11-1", tag="1")
        self.new = self.storage.base("3.0.15-1", tag="2")
        self.source = {"fleet": {"record": f"{server.host}/{name}/fleet:main", "images": []}, **server.source}

    def add(self, application: str, **options) -> str:
        """The digest of an application's image on the old base, at the tag main."""
        repository = f"{self.name}/{application}"
        self.source["fleet"]["images"].append(f"{self.server.host}/{repository}:main")
        return self.storage.application(repository, "main", "3.0.11-1", self.old, **options)

    def put(self, params: dict | None = None, **options):
        params = {"run_image": f"{self.server.host}/run:2"} if params is None else params
        return run_program(self.programs, "out", {"source": self.source, "params": params}, self.directory, **options)

    def check(self, version: dict | None = None) -> list[dict]:
        return run_program(self.programs, "check", {"source": self.source, "version": version}).answer

    def get(self, version: dict, name: str = "get"):
        directory = self.directory / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        return run_program(self.programs, "in", {"source": self.source, "version": version}, directory), directory

    def images(self, version: dict) -> dict[str, dict]:
        result, directory = self.get(version, "images")
        assert result.status == 0, result.stderr
        return {image["repository"].rpartition("/")[2]: image for image in json.loads((directory / "images.json").read_text())}


@pytest.fixture
def fleet(programs, server, tmp_path, request):
    return Fleet(programs, server, tmp_path, re.sub("[^a-z0-9]+", "-", request.node.name.lower())[:60].strip("-"))


def test_a_patched_base_reaches_every_image_of_the_fleet(fleet):
    before = {name: fleet.add(name) for name in ("shop", "ledger", "mail")}
    assert fleet.check() == []
    result = fleet.put()
    version = result.answer["version"]
    assert version["run_image"] == f"{fleet.server.host}/run@{fleet.new}"
    for name, digest in before.items():
        layers = fleet.storage.layers(f"{fleet.name}/{name}", "main")
        old = [layer["digest"] for layer in fleet.storage.document(digest)["layers"]]
        new = [layer["digest"] for layer in fleet.storage.document(fleet.new)["layers"]]
        assert layers == new + old[3:]
        assert fleet.storage.is_whole(f"{fleet.name}/{name}", "main")
    log = "\n".join(result.lines)
    assert "openssl 3.0.11-1 -> 3.0.15-1" in log
    assert result.lines[-1].startswith("3 images: 3 rebased, in ")
    assert fleet.check() == [version]


def test_a_get_gives_what_a_pipeline_needs(fleet):
    fleet.add("shop")
    fleet.add("plain", labels={"io.buildpacks.rebasable": "false"})
    version = fleet.put().answer["version"]
    result, directory = fleet.get(version)
    assert result.answer["version"] == version
    facts = {entry["name"]: entry["value"] for entry in result.answer["metadata"]}
    assert facts["rebased"] == "1" and facts["not rebasable"] == "1"
    changed = json.loads((directory / "changed.json").read_text())
    assert [image["image"] for image in changed] == [f"{fleet.server.host}/{fleet.name}/shop@{fleet.storage.tag(fleet.name + '/shop', 'main')}"]
    assert (directory / "changed.tsv").read_text().split("\t")[2].strip() == changed[0]["image"]
    needs = json.loads((directory / "needs-build.json").read_text())
    assert needs[0]["repository"].endswith("/plain")
    assert "For a person to look at (1)" in (directory / "report.md").read_text()
    assert "http" not in (directory / "report.html").read_text().replace("http-equiv", "")


def test_a_second_put_finds_nothing_to_do_and_a_rollback_goes_back(fleet):
    before = fleet.add("shop")
    first = fleet.put({"run_image": f"{fleet.server.host}/run:2", "dry_run": True}).answer["version"]
    assert fleet.storage.tag(f"{fleet.name}/shop", "main") == before
    assert fleet.images(first)["shop"]["state"] == "planned"
    nothing = fleet.put({"run_image": f"{fleet.server.host}/run:2", "only": ["none"]}).answer["version"]
    moved = fleet.put().answer["version"]
    again = fleet.put().answer["version"]
    assert fleet.images(moved)["shop"]["state"] == "rebased"
    assert fleet.images(again)["shop"]["state"] == "current"
    assert fleet.check(nothing) == [nothing, moved, again]
    _, directory = fleet.get(nothing, "before")
    back = fleet.put({"rollback": "before"}).answer["version"]
    assert directory.name == "before" and fleet.images(back)["shop"]["state"] == "rolled-back"
    assert fleet.storage.tag(f"{fleet.name}/shop", "main") == before


def test_each_image_tells_its_own_history(fleet):
    fleet.add("shop")
    version = fleet.put().answer["version"]
    digest = fleet.storage.tag(f"{fleet.name}/shop", "main")
    source = {"repository": f"{fleet.server.host}/{fleet.name}/shop", **fleet.server.source}
    request = {"source": source, "version": {"tag": "main", "digest": digest}, "params": {"skip_download": True, "builds": 5}}
    directory = fleet.directory / "shop"
    directory.mkdir()
    assert run_program(fleet.programs, "in", request, directory).status == 0
    builds = json.loads((directory / "builds.json").read_text())
    assert builds[0]["fleet"] == f"{fleet.server.host}/{fleet.name}/fleet:main put #1"
    assert builds[0]["reasons"] == "STACK" and "openssl 3.0.11-1 -> 3.0.15-1" in builds[0]["changes"][0]["new"]
    assert fleet.images(version)["shop"]["build"] == 1


def test_no_credential_is_printed(fleet):
    fleet.add("shop")
    fleet.source["debug"] = True
    assert "robot-password" not in fleet.put().stderr


@pytest.mark.parametrize(("params", "error"), [
    ({}, "cannot read params.run_image: it is missing; give the base that the fleet is brought to"),
    ({"run_image": "HOST/run:2", "limit": "0"}, 'cannot read params.limit: "0" is neither a number of images nor a share of them; 5 or 10%'),
    ({"run_image": "HOST/none:2"}, "cannot find run image HOST/none:2: there is no such image; check params.run_image"),
    ({"rollback": "missing"}, "cannot use params.rollback missing: there is no such directory; check the put's inputs"),
    ({"run_image": "HOST/run:2", "builder": "HOST/run:1"}, "cannot use params.builder HOST/run:1: the image does not say which buildpacks it has"),
])
def test_bad_params_are_one_line(fleet, params, error):
    fleet.add("shop")
    host = fleet.server.host
    result = fleet.put({name: value.replace("HOST", host) for name, value in params.items()})
    assert result.status == 1 and result.error.startswith(error.replace("HOST", host))


def test_an_index_follows_where_there_is_a_base_for_each_of_its_platforms(fleet):
    storage, repository, platforms = fleet.storage, f"{fleet.name}/many", ("amd64", "arm64")
    bases = {version: {name: storage.base(version, tag=f"{version}-{name}", repository="multi", architecture=name) for name in platforms}
             for version in ("3.0.11-1", "3.0.15-1")}
    for version, tag in (("3.0.11-1", "1"), ("3.0.15-1", "2")):
        storage.index("multi", tag, bases[version])
    children = {name: storage.application(repository, name, "3.0.11-1", bases["3.0.11-1"][name], base="multi", architecture=name)
                for name in platforms}
    storage.index(repository, "main", children)
    fleet.source["fleet"]["images"].append(f"{fleet.server.host}/{repository}:main")
    version = fleet.put({"run_image": f"{fleet.server.host}/multi:2"}).answer["version"]
    assert fleet.images(version)["many"]["state"] == "rebased"
    index = storage.document(storage.tag(repository, "main"))
    assert [entry["platform"]["architecture"] for entry in index["manifests"]] == list(platforms)
    for entry in index["manifests"]:
        base = storage.document(bases["3.0.15-1"][entry["platform"]["architecture"]])
        assert storage.document(entry["digest"])["layers"][:3] == base["layers"]
    assert storage.is_whole(repository, "main")
    # The single-platform base has nothing for arm64: the index is left whole.
    before = storage.tag(repository, "main")
    left = fleet.put({"run_image": f"{fleet.server.host}/multi:3.0.11-1-amd64"}).answer["version"]
    assert fleet.images(left)["many"]["reason"] == "index: there is no base for linux/arm64"
    assert storage.tag(repository, "main") == before
