"""The image of a release, compiled for both architectures: what arm64 does under an emulator, and that another folder and
another hour give the same digest. Release tier: each architecture is compiled."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from support.git_server import GitServer, Repository
from support.images import Pusher
from support.faulty_registry import layer
from support.oci_layout import Layout
from support.program import run_program
from support.registry_server import RegistryServer

pytestmark = pytest.mark.release
ARCHITECTURES = ("amd64", "arm64")
LARGEST = 14_000_000
QEMU = "qemu-aarch64-static"
SAID = ["--revision", "0123456789abcdef0123456789abcdef01234567", "--source", "https://github.com/acme/build-service"]
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}


def make_image(project: pathlib.Path, directory: pathlib.Path, architectures=ARCHITECTURES, **environment: str) -> dict[str, str]:
    """What it printed: digests by name."""
    chosen = [word for one in architectures for word in ("--architecture", one)]
    done = subprocess.run([str(project / "scripts/make-image"), str(directory), *chosen, *SAID], capture_output=True, text=True,
                          env={**ENVIRONMENT, **environment})
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(line.split(" ") for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def made(project, tmp_path_factory) -> tuple[pathlib.Path, dict[str, str]]:
    directory = tmp_path_factory.mktemp("made") / "release"
    return directory, make_image(project, directory)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("registry") / "it") as registry:
        yield registry


@pytest.fixture(scope="module")
def arm(made, programs, registry, tmp_path_factory) -> "Emulated":
    """The root of the arm64 image, pushed with its version's tags and fetched for its platform."""
    directory, _ = made
    repository = f"{registry.host}/build-service"
    version = (directory / "version").read_text().strip()
    pushed = run_program(programs, "out", {"source": {"repository": repository}, "params": {"image": "image", "version": version, "bump_aliases": True}}, directory)
    target = tmp_path_factory.mktemp("arm") / "got"
    request = {"source": {"repository": repository, "platform": {"os": "linux", "architecture": "arm64"}}, "version": pushed.answer["version"]}
    assert run_program(programs, "in", request, target).status == 0
    return Emulated(target / "rootfs")


class Emulated:
    def __init__(self, root: pathlib.Path):
        self.root = root

    def run(self, program: str, *arguments: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run([QEMU, "-L", str(self.root), str(self.root / program), *arguments], capture_output=True, timeout=300, **options)

    def step(self, name: str, request: dict, *arguments) -> dict | list:
        done = self.run(f"opt/resource/{name}", *map(str, arguments), input=json.dumps(request).encode(), env={"PATH": os.environ["PATH"], "HOME": "/root"})
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)


@pytest.fixture
def repository(tmp_path):
    with GitServer(tmp_path / "git") as server:
        repository = Repository(tmp_path / "git/app.git")
        repository.commit("first", {"name": b"first\n"})
        repository.url = server.url("app")
        yield repository


def test_the_index_has_both_architectures_each_small_enough(made):
    directory, said = made
    layout = Layout(directory / "image")
    index = layout.manifest()
    assert [entry["platform"] for entry in index["manifests"]] == [{"architecture": one, "os": "linux"} for one in ARCHITECTURES]
    assert [entry["digest"] for entry in index["manifests"]] == [said[one] for one in ARCHITECTURES]
    for entry in index["manifests"]:
        assert sum(blob["size"] for blob in layout.document(entry["digest"])["layers"]) <= LARGEST


def test_every_program_of_the_arm64_image_is_arms(arm):
    for program in ("opt/resource/build-service", "opt/resource/launcher", "usr/bin/ssh", "usr/bin/gpgv", "bin/busybox"):
        header = subprocess.run(["readelf", "-h", str(arm.root / program)], capture_output=True, text=True, check=True).stdout
        assert "Machine:                           AArch64" in header, program


def test_the_bill_of_arm64_names_the_libraries_of_arm64(made):
    bills = {one: json.loads((made[0] / f"sbom-{one}.cdx.json").read_text())["components"] for one in ARCHITECTURES}
    names = {one: {component["name"] for component in bill} for one, bill in bills.items()}
    assert {name for name in names["arm64"] if "cross" not in name} <= names["amd64"]
    assert [component["name"] for component in bills["arm64"] if "arch=amd64" in component.get("purl", "")] == []


def test_an_emulated_step_says_what_the_native_one_says(arm, programs):
    for step in ("check", "in", "out"):
        for argument in ("--help", "--schema"):
            native = subprocess.run([str(programs / "opt/resource" / step), argument], capture_output=True, check=True)
            assert arm.run(f"opt/resource/{step}", argument).stdout == native.stdout


def test_an_emulated_check_and_get_of_an_image(arm, registry, tmp_path):
    digest = Pusher(registry, "app").image("main", [layer([("etc/motd", b"hello")])])
    source = {"repository": f"{registry.host}/app", "tag": "main"}
    assert arm.step("check", {"source": source}) == [{"tag": "main", "digest": digest}]
    arm.step("in", {"source": source, "version": {"tag": "main", "digest": digest}, "params": {"platform": {"os": "linux", "architecture": "amd64"}}}, tmp_path / "got")
    assert (tmp_path / "got/rootfs/etc/motd").read_bytes() == b"hello"


def test_an_emulated_put_of_a_ready_image_gives_the_digest_of_the_native_one(arm, made, programs, registry):
    answers = {}
    for name, step in (("native", lambda request: run_program(programs, "out", request, made[0]).answer), ("arm", lambda request: arm.step("out", request, made[0]))):
        answers[name] = step({"source": {"repository": f"{registry.host}/{name}", "tag": "main"}, "params": {"image": "image"}})["version"]
    assert answers["arm"] == answers["native"] == {"tag": "main", "digest": made[1]["build-service"]}


def test_an_emulated_check_and_get_of_a_git_repository(arm, repository, tmp_path):
    source = {"uri": repository.url, "branch": "main"}
    [version] = arm.step("check", {"source": source})
    arm.step("in", {"source": source, "version": version}, tmp_path / "got")
    assert (tmp_path / "got/name").read_text() == "first\n"
    assert (tmp_path / "got/.git/ref").read_text().strip() == version["ref"]


def test_an_emulated_launcher_starts_a_process(arm, tmp_path):
    layers, app = tmp_path / "layers", tmp_path / "app"
    (layers / "config").mkdir(parents=True)
    app.mkdir()
    (layers / "config/metadata.toml").write_text('[[processes]]\ntype = "web"\nbuildpack-id = "a/b"\ncommand = ["echo"]\nargs = ["hello"]\ndirect = true\n'
                                                 '[[buildpacks]]\nid = "a/b"\napi = "0.10"\n')
    (tmp_path / "web").symlink_to(arm.root / "opt/resource/launcher")
    environment = {"PATH": "/usr/bin:/bin", "CNB_LAYERS_DIR": str(layers), "CNB_APP_DIR": str(app), "CNB_PLATFORM_API": "0.12"}
    done = subprocess.run([QEMU, str(tmp_path / "web")], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr


def test_ssh_and_gpgv_of_arm64_find_their_libraries(arm):
    assert b"OpenSSH" in arm.run("usr/bin/ssh", "-V").stderr
    assert b"gpgv" in arm.run("usr/bin/gpgv", "--version").stdout


def test_compiled_anew_in_another_folder_the_digest_is_the_same(project, made, tmp_path):
    """Nothing that was compiled before is used: no compiler cache, no build directory."""
    clone = tmp_path / "another clone".replace(" ", "-")
    listed = subprocess.run(["git", "-C", str(project), "ls-files", "-z"], capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, listed):
        if (project / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project / name, clone / name)
    native = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    again = make_image(clone, tmp_path / "again", [native], CCACHE_DISABLE="1", TZ="Asia/Tokyo")
    assert again[native] == made[1][native]
