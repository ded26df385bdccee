"""The Dockerfile's images, built on a base made of Debian packages, are small and play the story. Release tier."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support import make_roots
from support.concourse import RootDirectory
from support.concourse.container import make_devices
from support.story import Story

pytestmark = pytest.mark.release
SOURCE = "https://github.com/acme/build-service"
LARGEST_RESOURCE = 14_000_000


class Buildah:
    """An image store of its own; no daemon, no namespaces."""

    def __init__(self, directory: pathlib.Path):
        self._directory = directory

    def __call__(self, *arguments) -> str:
        store = ["--storage-driver", "vfs", "--root", str(self._directory / "root"), "--runroot", str(self._directory / "run")]
        done = subprocess.run(["buildah", *store, *map(str, arguments)], stdout=subprocess.PIPE, text=True, env={**os.environ, "BUILDAH_ISOLATION": "chroot"})
        assert done.returncode == 0, f"buildah {' '.join(map(str, arguments))}: status {done.returncode}"
        return done.stdout.strip()

    def import_root(self, name: str, archive: pathlib.Path, environment: dict | None = None) -> None:
        container = self("from", "scratch")
        self("add", container, archive, "/")
        for variable, value in (environment or {}).items():
            self("config", "--env", f"{variable}={value}", container)
        self("commit", "--quiet", container, name)
        self("rm", container)

    def root_of(self, image: str) -> pathlib.Path:
        return pathlib.Path(self("mount", self("from", "--pull-never", image)))

    def config_of(self, image: str) -> dict:
        return json.loads(self("inspect", "--type", "image", image))["OCIv1"]["config"]

    def compressed_size(self, image: str, directory: pathlib.Path) -> int:
        self("push", "--quiet", image, f"oci:{directory}:x")
        return sum(path.stat().st_size for path in (directory / "blobs").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def buildah(as_root, tmp_path_factory):
    return Buildah(tmp_path_factory.mktemp("buildah"))


def compiled_before() -> list[str]:
    """What this machine's compiler cache knows need not be compiled once more."""
    cache = subprocess.run(["ccache", "--get-config", "cache_dir"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return ["--volume", f"{cache}:/root/.cache/ccache"] if pathlib.Path(cache).is_dir() else []


def build(buildah, target: str, project: pathlib.Path) -> str:
    """What it said."""
    said = {"DEBIAN": "localhost/debian", "BUILDER": "localhost/cnb-builder", "REVISION": "0123abcd", "SOURCE": SOURCE, "CREATED": "2026-01-02T03:04:05Z"}
    given = [word for name, value in said.items() for word in ("--build-arg", f"{name}={value}")]
    return buildah("bud", "--layers", "--target", target, *given, "--pull-never", *compiled_before(), "--tag", f"localhost/{target}", project)


@pytest.fixture(scope="module")
def images(buildah, project, tmp_path_factory):
    """The names of the two images: resource and builder."""
    work = tmp_path_factory.mktemp("bases")
    release = make_roots.os_release(pathlib.Path("/"))["VERSION_CODENAME"]
    subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", release, str(work / "debian.tar")], check=True)
    buildah.import_root("localhost/debian", work / "debian.tar")
    builder = make_roots.make_builder(work / "builder", run_image="registry.example.com/run:base")
    subprocess.run(["tar", "-C", str(builder.root), "-cf", str(work / "builder.tar"), "."], check=True)
    buildah.import_root("localhost/cnb-builder", work / "builder.tar", builder.environment)
    for target in ("resource", "builder"):
        build(buildah, target, project)
    return {"resource": "localhost/resource", "builder": "localhost/builder"}


def test_the_slim_image_is_small(buildah, images, tmp_path):
    assert buildah.compressed_size(images["resource"], tmp_path / "oci") <= LARGEST_RESOURCE


def test_the_slim_image_has_ssh_and_gpgv(buildah, images):
    root = buildah.root_of(images["resource"])
    make_devices(root / "dev")
    for command in (["/usr/bin/gpgv", "--version"], ["/usr/bin/ssh", "-V"], ["/bin/sh", "-c", "ls /opt/resource"]):
        subprocess.run(["chroot", str(root), *command], check=True, capture_output=True)


def test_the_builder_image_runs_as_root(buildah, images):
    config = buildah.config_of(images["builder"])
    assert config["User"] == "0"
    assert any(entry.startswith("BUILD_SERVICE_BUILDER=") and len(entry) > 22 for entry in config["Env"])


@pytest.mark.parametrize("target", ["resource", "builder"])
def test_both_images_say_what_they_are_and_where_from(buildah, images, project, target):
    version = re.search(r"project\(build-service VERSION (\S+)", (project / "CMakeLists.txt").read_text()).group(1)
    labels = buildah.config_of(images[target])["Labels"]
    said = {name.removeprefix("org.opencontainers.image."): text for name, text in labels.items() if name.startswith("org.opencontainers.image.")}
    assert (said["version"], said["revision"], said["created"]) == (version, "0123abcd", "2026-01-02T03:04:05Z")
    assert (said["source"], said["documentation"], said["licenses"]) == (SOURCE, f"{SOURCE}#readme", "Apache-2.0")
    root = buildah.root_of(images[target])
    assert json.loads((root / "usr/share/doc/build-service/programs.cdx.json").read_text())["bomFormat"] == "CycloneDX"


def test_the_slim_image_has_its_bill_of_materials(buildah, images):
    bill = json.loads((buildah.root_of(images["resource"]) / "usr/share/doc/build-service/sbom.cdx.json").read_text())
    assert {"openssh-client", "gpgv", "busybox-static", "libssl-dev", "curl"} <= {one["name"] for one in bill["components"]}


def test_a_changed_document_compiles_nothing_anew(buildah, images, project, tmp_path):
    clone = tmp_path / "clone"
    shutil.copytree(project, clone, symlinks=True, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
    with (clone / "README.md").open("a") as readme:
        readme.write("One more sentence.\n")
    said = build(buildah, "build", clone)
    compiling = re.search(r"^(?:\[[0-9/]+\] )?STEP [0-9/]+: RUN cmake --preset release.*\n(.*)$", said, re.MULTILINE)
    assert compiling and compiling.group(1).startswith("--> Using cache"), said


def test_the_images_play_the_story(buildah, images, programs, tmp_path):
    with Story(tmp_path, programs) as story:
        environment = dict(entry.split("=", 1) for entry in buildah.config_of(images["builder"])["Env"])
        story.concourse.types["build-service"] = RootDirectory(buildah.root_of(images["resource"]))
        builder = buildah.root_of(images["builder"])
        run = builder / "cnb/run.toml"
        run.write_text(run.read_text().replace("registry.example.com", story.registry.host))
        story.concourse.types["build-service-builder"] = RootDirectory(builder, environment=environment)
        story.commit("Welcome our visitors")
        assert [build.expect().job["name"] for build in story.pipeline.tick()] == ["build", "deploy"]
        assert "<h1>Welcome</h1>" in story.page()
