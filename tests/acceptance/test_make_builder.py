"""scripts/make-builder: what it pushes builds an application. Fetches Debian's packages, so the release tier has it."""

import json
import os
import shutil
import subprocess

import pytest

from support import push_image, run_image
from support.concourse import RootDirectory
from support.pages import blocks
from support.program import run_program
from support.registry_server import RegistryServer

pytestmark = [pytest.mark.release, pytest.mark.usefixtures("as_root")]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("registry") / "it", username="robot", password="robot-password") as registry:
        yield registry


def make_builder(project, programs, registry, *arguments) -> dict[str, str]:
    """What it pushed, by name."""
    command = [project / "scripts/make-builder", f"{registry.host}/acme", "--programs", programs, "--username", "robot", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "REGISTRY_PASSWORD": registry.password})
    assert done.returncode == 0, done.stderr
    assert registry.password not in done.stdout + done.stderr
    return dict(line.split(" ") for line in done.stdout.splitlines())


def pulled(programs, registry, reference: str, directory):
    """The image as a root, and its configuration's environment."""
    name, _, digest = reference.partition("@")
    source = {**registry.source, "repository": name.rpartition(":")[0]}
    result = run_program(programs, "in", {"source": source, "version": {"tag": "latest", "digest": digest}}, directory)
    assert result.status == 0, result.stderr
    environment = json.loads((directory / "metadata.json").read_text())["env"]
    return directory / "rootfs", dict(entry.split("=", 1) for entry in environment)


def labels(registry, repository: str) -> dict[str, str]:
    pusher = push_image.Registry(registry.host, "robot", registry.password)
    accept = {"Accept": f"{push_image.OCI['manifest']}, {push_image.DOCKER['manifest']}"}
    manifest = json.load(pusher.request("GET", f"/v2/{repository}/manifests/latest", headers=accept))
    return json.load(pusher.request("GET", f"/v2/{repository}/blobs/{manifest['config']['digest']}"))["config"]["Labels"]


def put(project, tmp_path, registry, root, environment) -> dict:
    """Builds the small application in the builder, as Concourse would run the type; the version."""
    container = RootDirectory(root).new_container(tmp_path / "container")
    outside, inside = container.volume("inputs")
    shutil.copytree(project / "tests/apps/welcome", outside / "welcome")
    source = {**registry.source, "repository": f"{registry.host}/acme/welcome", "tag": "main"}
    request = {"source": source, "params": {"source": "welcome"}}
    outcome = container.run("out", [inside], request, {**environment, "HOME": "/root"})
    container.remove()
    assert outcome.status == 0, outcome.stderr
    return json.loads(outcome.stdout)["version"]


def test_a_builder_of_debian_packages_builds_an_application(project, programs, registry, tmp_path):
    made = make_builder(project, programs, registry)
    assert list(made) == ["run", "builder", "build-service-builder"]
    root, environment = pulled(programs, registry, made["build-service-builder"], tmp_path / "builder")
    assert environment["BUILD_SERVICE_BUILDER"] == made["builder"]
    version = put(project, tmp_path, registry, root, environment)
    source = {**registry.source, "repository": f"{registry.host}/acme/welcome"}
    result = run_program(programs, "in", {"source": source, "version": version}, tmp_path / "welcome")
    assert result.status == 0, result.stderr
    with run_image.running(tmp_path / "welcome") as image:
        assert "<h1>Welcome</h1>" in image.fetch("/")
    assert make_builder(project, programs, registry) == made, "the same packages are the same images"


def buildpack(folder, identifier: str) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "buildpack.toml").write_text(f'api = "0.10"\n[buildpack]\nid = "{identifier}"\nversion = "1.0.0"\n')
    for name in ("detect", "build"):
        (folder / "bin" / name).write_text("#!/bin/sh\n")
        (folder / "bin" / name).chmod(0o755)


def test_the_commands_of_the_page_make_builders_of_debian_packages(project, programs, registry, tmp_path):
    commands = [block.text for block in blocks(project, "docs/builder.md") if block.start.startswith("scripts/make-builder")]
    assert len(commands) == 3
    (tmp_path / "scripts").symlink_to(project / "scripts")
    for name in ("node", "procfile"):
        buildpack(tmp_path / "buildpacks" / name, f"acme/{name}")
    made = []
    for command in commands:
        environment = {**os.environ, "REGISTRY_PASSWORD": registry.password, "BUILD_SERVICE_PROGRAMS": str(programs)}
        done = subprocess.run(["bash", "-euc", command.replace("registry.example.com", registry.host)], cwd=tmp_path,
                              env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        made.append(dict(line.split(" ") for line in done.stdout.splitlines())["builder"])
    roots = [pulled(programs, registry, reference, tmp_path / f"root-{number}")[0] for number, reference in enumerate(made)]
    assert "example/java-maven" in (roots[0] / "cnb/order.toml").read_text() and not (roots[0] / "usr/bin/mvn").exists()
    assert (roots[1] / "usr/bin/mvn").exists()
    assert (roots[2] / "usr/bin/node").exists() and "acme/node" in (roots[2] / "cnb/order.toml").read_text()


def test_the_programs_are_put_on_a_builder_that_there_is(project, programs, registry, tmp_path):
    base = push_image.run_image("1", environment={"FROM_ITS": "vendor"})
    digest = push_image.Registry(registry.host, "robot", registry.password).push("vendor/builder", "base", base, push_image.DOCKER)
    made = make_builder(project, programs, registry, "--onto", f"{registry.host}/vendor/builder:base")
    root, environment = pulled(programs, registry, made["build-service-builder"], tmp_path / "root")
    assert environment["BUILD_SERVICE_BUILDER"] == f"{registry.host}/vendor/builder:base@{digest}"
    assert environment["FROM_ITS"] == "vendor"
    said = labels(registry, "acme/build-service-builder")
    assert said["org.opencontainers.image.base.name"] == f"{registry.host}/vendor/builder:base"
    assert said["org.opencontainers.image.base.digest"] == digest
    assert said["org.opencontainers.image.title"] == "build-service-builder" and said["org.opencontainers.image.version"]
    assert said["maintainer"] == "tests", "the builder's own labels stay"
    assert (root / "etc/base-version").read_text() == "1\n" and (root / "opt/resource/out").exists()


def test_a_registry_that_refuses_is_one_line(project, programs, registry):
    command = [project / "scripts/make-builder", f"{registry.host}/acme", "--programs", programs, "--onto", f"{registry.host}/none:here"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines()[-1] == f"make-builder: check of {registry.host}/none failed; its last line above says why"


def test_an_own_order_needs_its_buildpacks(project, programs, registry):
    command = [project / "scripts/make-builder", f"{registry.host}/acme", "--buildpack", "x"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "--buildpack needs an --order" in done.stderr
