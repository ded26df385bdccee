"""Spring Boot built by Maven: cold, then with one changed message, and run from the registry. Needs Maven Central, which is
reached by a mirror with a password, as docs/operating.md tells."""

import dataclasses
import json
import pathlib
import re
import shutil

import pytest

from support import make_roots, push_image, run_image
from support.concourse import RootDirectory
from support.maven_mirror import MavenMirror
from support.program import run_program
from support.registry_server import RegistryServer

pytestmark = [pytest.mark.release, pytest.mark.usefixtures("as_root")]
MESSAGES = "src/main/resources/messages/messages.properties"
# Compiles quicker at the cost of speed later: a test looks at two pages.
QUICK_START = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}


@dataclasses.dataclass
class Put:
    version: dict
    log: str
    layers: list[str]  # digests


class Bench:
    """A registry with a run image, a builder for Java, the mirror that builds fetch from, and the application's sources."""

    def __init__(self, work: pathlib.Path, programs: pathlib.Path, project: pathlib.Path, registry: RegistryServer, mirror: MavenMirror):
        self.work, self.programs, self.registry, self.mirror = work, programs, registry, mirror
        push_image.Registry(registry.host).push("run", "base", push_image.run_image())
        self.builder = make_roots.make_builder(work / "builder", f"{registry.host}/run:base", "java-builder")
        self.type = RootDirectory(self.builder.root, programs)
        self.sources = work / "sources"
        shutil.copytree(project / "tests/apps/petclinic", self.sources)
        self.source = {"repository": f"{registry.host}/acme/petclinic", "tag": "main"}
        self.steps = 0

    def put(self, **params) -> Put:
        self.steps += 1
        container = self.type.new_container(self.work / f"put-{self.steps}")
        outside, inside = container.volume("inputs")
        shutil.copytree(self.sources, outside / "petclinic")
        bindings = {"maven": {"type": "maven", "secrets": {"settings.xml": self.mirror.settings}}}
        request = {"source": self.source, "params": {"source": "petclinic", "bindings": bindings, **params}}
        outcome = container.run("out", [inside], request, {**self.builder.environment, "HOME": "/root"})
        container.remove()
        assert outcome.status == 0, outcome.stderr
        version = json.loads(outcome.stdout)["version"]
        path = f"/v2/acme/petclinic/manifests/{version['digest']}"
        accept = {"Accept": f"{push_image.OCI['manifest']}, {push_image.DOCKER['manifest']}"}
        manifest = json.loads(push_image.Registry(self.registry.host).request("GET", path, headers=accept).read())
        return Put(version, outcome.stderr, [layer["digest"] for layer in manifest["layers"]])

    def get(self, put: Put) -> pathlib.Path:
        directory = self.work / f"get-{self.steps}"
        result = run_program(self.programs, "in", {"source": self.source, "version": put.version}, directory)
        assert result.status == 0, result.stderr
        return directory


@pytest.fixture(scope="module")
def bench(tmp_path_factory, programs, project):
    work = tmp_path_factory.mktemp("spring")
    with RegistryServer(work / "registry") as registry, MavenMirror("robot", "mirror-password") as mirror:
        yield Bench(work, programs, project, registry, mirror)


@pytest.fixture(scope="module")
def cold(bench) -> Put:
    return bench.put()


def test_every_file_comes_from_the_mirror_whose_password_is_shown_nowhere(bench, cold):
    downloaded = re.search(r"Maven downloaded (\d+) files", cold.log)
    assert downloaded and 0 < int(downloaded[1]) <= bench.mirror.served
    assert bench.mirror.password not in cold.log
    assert not [path for path in bench.registry.data.rglob("data") if bench.mirror.password.encode() in path.read_bytes()]


def test_the_image_serves_its_pages_on_a_base_without_java(bench, cold):
    with run_image.running(bench.get(cold), environment=QUICK_START) as image:
        assert "<h1>Welcome</h1>" in image.fetch("/", timeout=120)
        assert "Jade, Nero" in image.fetch("/owners?lastName=Du")
        assert "-Xmx" in image.output(), "the exec.d program sizes the heap"


def test_a_changed_message_changes_the_applications_own_slice_alone(bench, cold):
    messages = bench.sources / MESSAGES
    messages.write_text(messages.read_text().replace("welcome=Welcome", "welcome=Good morning"))
    changed = bench.put()
    different = [index for index, pair in enumerate(zip(cold.layers, changed.layers, strict=True)) if pair[0] != pair[1]]
    assert len(different) == 1, f"of {len(cold.layers)} layers\n{changed.log}"
    assert "Maven downloaded 0 files" in changed.log and "Maven downloaded 0 files" not in cold.log
    with run_image.running(bench.get(changed), environment=QUICK_START) as image:
        assert "<h1>Good morning</h1>" in image.fetch("/", timeout=120)


def test_nothing_changed_is_no_build_and_a_patched_base_a_rebase(bench, cold):
    stands = bench.put()
    again = bench.put()
    assert again.version == stands.version and "nothing has changed" in again.log
    push_image.Registry(bench.registry.host).push("run", "base", push_image.run_image("2"))
    rebased = bench.put(run_image=f"{bench.registry.host}/run:base")
    assert "===> REBASING" in rebased.log and "===> BUILDING" not in rebased.log
    assert rebased.layers[2:] == stands.layers[2:] and rebased.layers[1] != stands.layers[1]
    root = bench.get(rebased)
    assert (root / "rootfs/etc/base-version").read_text() == "2\n"
    with run_image.running(root, environment=QUICK_START) as image:
        assert "<h1>" in image.fetch("/", timeout=120)
