"""scripts/make-image: what it makes is small, says what is in it and where it comes from, is the same every time, and is
pushed by the project's own put."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import urllib.request

import pytest

from support.oci_layout import INDEX, Layout
from support.program import run_program
from support.registry_server import RegistryServer

LARGEST = 14_000_000
REVISION = "0123456789abcdef0123456789abcdef01234567"
SOURCE = "https://github.com/acme/build-service"
HERE = "usr/share/doc/build-service"


def architecture() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def make_image(project: pathlib.Path, programs: pathlib.Path, directory: pathlib.Path, *, umask: int = 0o022, **environment: str) -> subprocess.CompletedProcess:
    command = [project / "scripts/make-image", directory, "--architecture", architecture(), "--programs", f"{architecture()}={programs}",
               "--revision", REVISION, "--source", f"{SOURCE}.git"]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, umask=umask,
                          env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **environment})


class Made:
    """The directory that make-image wrote."""

    def __init__(self, directory: pathlib.Path, said: str):
        self.directory, self.said = directory, said
        self.layout = Layout(directory / "image")
        self.index = self.layout.manifest()
        self.manifest = self.layout.document(self.index["manifests"][0]["digest"])
        self.config = self.layout.document(self.manifest["config"]["digest"])
        self.digest = json.loads((directory / "image/index.json").read_text())["manifests"][0]["digest"]


@pytest.fixture(scope="module")
def made(project, programs, tmp_path_factory) -> Made:
    directory = tmp_path_factory.mktemp("made") / "it"
    done = make_image(project, programs, directory)
    assert done.returncode == 0, done.stderr
    return Made(directory, done.stdout)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("registry") / "it") as registry:
        yield registry


def put(programs, registry, made: Made, **params):
    request = {"source": {"repository": f"{registry.host}/build-service"}, "params": {"image": "image", **params}}
    return run_program(programs, "out", request, made.directory).answer


def fetched(address: str, accept: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept": accept})) as answer:
        return answer.read()


def tags(programs, registry) -> dict[str, str]:
    found = {}
    names = json.loads(fetched(f"http://{registry.host}/v2/build-service/tags/list", "*/*"))["tags"]
    for tag in (name for name in names if not name.startswith("sha256-")):
        request = {"source": {"repository": f"{registry.host}/build-service", "tag": tag}}
        found[tag] = run_program(programs, "check", request).answer[-1]["digest"]
    return found


@pytest.fixture(scope="module")
def got(programs, registry, made, tmp_path_factory) -> pathlib.Path:
    """A get of the image that a put pushed: rootfs/ and metadata.json."""
    directory = tmp_path_factory.mktemp("got") / "it"
    version = put(programs, registry, made, version="0.9.0")["version"]
    run_program(programs, "in", {"source": {"repository": f"{registry.host}/build-service"}, "version": version}, directory).answer
    return directory


def test_what_was_made_is_printed(made):
    assert made.said.splitlines() == [f"{architecture()} {made.index['manifests'][0]['digest']}", f"build-service {made.digest}"]
    assert made.index["manifests"][0]["platform"] == {"architecture": architecture(), "os": "linux"}


def test_the_image_is_small(made):
    blobs = [*made.manifest["layers"], made.manifest["config"]]
    assert sum(blob["size"] for blob in blobs) <= LARGEST


def test_labels_and_annotations_say_what_it_is_and_where_from(made, project):
    version = re.search(r"project\(build-service VERSION (\S+)", (project / "CMakeLists.txt").read_text()).group(1)
    said = {
        "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
        "org.opencontainers.image.description": "Concourse resource type: from git commits to images by Cloud Native Buildpacks, and their rebases",
        "org.opencontainers.image.documentation": f"{SOURCE}#readme",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": REVISION,
        "org.opencontainers.image.source": SOURCE,
        "org.opencontainers.image.title": "build-service",
        "org.opencontainers.image.url": SOURCE,
        "org.opencontainers.image.version": version,
    }
    assert made.config["config"]["Labels"] == said
    assert made.manifest["annotations"] == said and made.index["annotations"] == said
    assert made.config["created"] == said["org.opencontainers.image.created"]
    assert (made.directory / "version").read_text() == f"{version}\n"


def test_made_in_another_folder_by_another_user_later_it_is_the_same(project, programs, made, tmp_path):
    """Other folders, times, file modes, language and time zone."""
    clone = tmp_path / "a clone"
    for name in ("scripts", "tests/support"):
        shutil.copytree(project / name, clone / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(project / "CMakeLists.txt", clone / "CMakeLists.txt")
    other = tmp_path / "programs"
    shutil.copytree(programs, other, symlinks=True, copy_function=shutil.copy)  # other times
    (tmp_path / "tmp").mkdir()
    again = tmp_path / "again"
    done = make_image(clone, other, again, umask=0o077, TMPDIR=str(tmp_path / "tmp"), TZ="Asia/Tokyo", LC_ALL="C.UTF-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout == made.said
    files = sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(made.directory) for path in made.directory.rglob("*") if path.is_file())
    for file in files:
        assert (again / file).read_bytes() == (made.directory / file).read_bytes(), file


def test_a_release_is_pushed_by_the_own_put_with_all_its_tags(programs, registry, made, got):
    assert tags(programs, registry) == {"0.9.0": made.digest}
    put(programs, registry, made, version="1.2.3", bump_aliases=True)
    assert tags(programs, registry) == dict.fromkeys(["latest", "1", "1.2", "1.2.3", "0.9.0"], made.digest)


def test_the_bill_of_materials_is_pushed_as_what_refers_to_the_image(registry, made, got):
    image = made.index["manifests"][0]["digest"]
    address = f"http://{registry.host}/v2/build-service"
    # docker-registry lists no referrers, so the tag schema tells of them.
    [described] = json.loads(fetched(f"{address}/manifests/{image.replace(':', '-')}", INDEX))["manifests"]
    assert described["artifactType"] == "application/vnd.cyclonedx+json"
    manifest = json.loads(fetched(f"{address}/manifests/{described['digest']}", described["mediaType"]))
    assert manifest["subject"]["digest"] == image
    blob = fetched(f"{address}/blobs/{manifest['layers'][0]['digest']}", "*/*")
    assert blob == (made.directory / f"sbom-{architecture()}.cdx.json").read_bytes()


def test_the_image_runs_what_its_links_say(got, as_root):
    metadata = json.loads((got / "metadata.json").read_text())
    environment = dict(entry.split("=", 1) for entry in metadata["env"])
    root = got / "rootfs"
    (root / "dev/null").touch()
    for command, says in ((["/opt/resource/check", "--version"], "check of build-service"), (["/usr/bin/gpgv", "--version"], "gpgv"),
                          (["/usr/bin/ssh", "-V"], "OpenSSH"), (["/bin/sh", "-c", "ls /opt/resource"], "launcher")):
        done = subprocess.run(["/usr/sbin/chroot", str(root), *command], capture_output=True, text=True, env=environment)
        assert done.returncode == 0 and says in done.stdout + done.stderr, command


def components(document: dict) -> dict[str, dict]:
    return {one["name"]: one for one in document["components"]}


def test_the_bill_of_materials_lies_beside_the_image_and_in_it(made, got):
    beside = (made.directory / f"sbom-{architecture()}.cdx.json").read_text()
    assert (got / "rootfs" / HERE / "sbom.cdx.json").read_text() == beside
    document = json.loads(beside)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    assert "timestamp" not in document["metadata"] and "serialNumber" not in document
    references = [one["bom-ref"] for one in document["components"]]
    assert len(set(references)) == len(references)
    assert document["dependencies"] == [{"ref": "build-service", "dependsOn": references}]


def test_the_bill_names_each_library_that_is_linked_in_with_the_version_that_was(programs, made):
    document = json.loads((made.directory / f"sbom-{architecture()}.cdx.json").read_text())
    found = components(document)
    for package in ("libssl-dev", "zlib1g-dev", "libc6-dev", "nlohmann-json3-dev"):
        version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True, check=True).stdout
        assert found[package]["version"] == version
    assert found["curl"]["purl"].startswith("pkg:deb/debian/curl@8.") and found["curl"]["purl"].endswith("?arch=source")
    linked = {file["value"] for one in found.values() for file in one.get("properties", [])}
    headlines = re.findall(r"^={80}\n(.*)$", (programs / HERE / "third-party-licenses.txt").read_text(), re.MULTILINE)
    licensed = {file for line in headlines if ": " in line for file in line.split(": ")[1].split(", ")}
    assert linked == licensed and {"libcurl.a", "libc.a", "json.hpp"} <= linked


def test_the_bill_names_the_package_of_each_file_of_the_slim_root(made, got):
    found = components(json.loads((made.directory / f"sbom-{architecture()}.cdx.json").read_text()))
    packages = {path.name for path in (got / "rootfs/var/lib/dpkg/status.d").iterdir()}
    assert {"openssh-client", "gpgv", "libc6", "busybox-static", "ca-certificates"} <= packages <= set(found)
    assert packages == {path.name for path in (got / "rootfs/usr/share/doc").iterdir()} - {"build-service"}


def test_every_component_has_a_license(made):
    document = json.loads((made.directory / f"sbom-{architecture()}.cdx.json").read_text())
    said = {name: one["licenses"] for name, one in components(document).items()}
    for name, licenses in said.items():
        assert all(list(entry) in (["expression"], ["license"]) for entry in licenses) and licenses, name
    assert said["libssl-dev"] == [{"license": {"id": "Apache-2.0"}}]
    assert said["libc6-dev"] == [{"license": {"id": "LGPL-2.1-or-later"}}]
    assert said["libstdc++-12-dev" if "libstdc++-12-dev" in said else "libstdc++-14-dev"] == [{"expression": "GPL-3.0-or-later WITH GCC-exception-3.1"}]
    assert said["libzstd-dev"] == [{"expression": "BSD-3-Clause OR GPL-2.0-only"}]


def test_a_directory_that_is_not_empty_is_left_alone(project, programs, tmp_path):
    (tmp_path / "mine").touch()
    done = make_image(project, programs, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"make-image: {tmp_path} is not empty; name a new directory\n"


def test_programs_that_are_not_installed_are_refused(project, tmp_path):
    done = make_image(project, tmp_path, tmp_path / "new")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"make-image: {tmp_path} lacks what `cmake --install` of a static build puts there")
