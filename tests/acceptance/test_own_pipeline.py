"""ci/pipeline.yml, by which the project tests, builds and releases itself, is played as it stands.

Checks, gets and puts are real, and so are ci/tasks, scripts/make-builder and the `in` that brings what it pushed. What takes
an hour has a small substitute: scripts/test and scripts/setup say that they ran, cmake installs scripts that call the programs
that are here already, and scripts/make-image makes images that hold a file.
"""

import pathlib
import re
import subprocess

import pytest
import yaml

from support.concourse import Concourse, HostPrograms, read_pipeline
from support.git_server import GitServer, Repository
from support.program import run_program
from support.registry_server import RegistryServer

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
PIPELINE = PROJECT / "ci/pipeline.yml"
VARS = PROJECT / "ci/vars.example.yml"

SAYS = '#!/bin/sh\necho "$(basename "$0") ran with: $*, cache in $XDG_CACHE_HOME"\n[ ! -e broken ] || exit 1\n'
MAKE_IMAGE = f'''#!/usr/bin/python3
import argparse, pathlib, re, sys
sys.path.insert(0, "{PROJECT}/tests")
from support import push_image
from support.oci_layout import INDEX, Layout
parser = argparse.ArgumentParser()
parser.add_argument("directory", type=pathlib.Path)
parser.add_argument("--architecture", action="append")
parser.add_argument("--programs")
parser.add_argument("--update", action="store_true")
given = parser.parse_args()
version = re.search(r"VERSION (\\S+)", pathlib.Path("CMakeLists.txt").read_text()).group(1)
layout = Layout(given.directory / "image")
root = given.directory / "root"
root.mkdir(parents=True)
(root / "what").write_text(f"slim {{version}} update={{given.update}}")
images = []
for architecture in given.architecture:
    layer = push_image.tree_layer(root, given.directory / f"{{architecture}}.tar.gz")
    config = {{"architecture": architecture, "os": "linux", "config": {{"Labels": {{"org.opencontainers.image.version": version}}}}}}
    images.append({{**layout.add_image(push_image.Image(config, [layer])), "platform": {{"architecture": architecture, "os": "linux"}}}})
content = push_image.compact_json({{"schemaVersion": 2, "mediaType": INDEX, "manifests": images}})
layout.write_index([layout.add_manifest(content)])
(given.directory / "version").write_text(version + "\\n")
'''
# Links to the programs in the place of them: they are packed by Python, which takes its time.
CMAKE = '''#!/bin/sh
[ "$1" = --install ] || exit 0
mkdir -p "$4/opt/resource"
for step in check in out; do
  printf '#!/bin/sh\\nexec PROGRAMS/opt/resource/%s "$@"\\n' $step >"$4/opt/resource/$step"
  chmod +x "$4/opt/resource/$step"
done
'''
NIGHT = '''#!/usr/bin/python3
import json, pathlib, sys
request = json.load(sys.stdin)
if pathlib.Path(sys.argv[0]).name == "check": print(json.dumps([{"time": "2026-01-31T01:00:00Z"}]))
else: print(json.dumps({"version": request["version"], "metadata": []}))
'''


def executable(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def own_files(version: str) -> dict:
    files = {str(path.relative_to(PROJECT)): ("100755" if path.suffix == ".sh" and path.stat().st_mode & 0o100 else "100644", path.read_text())
             for path in sorted((PROJECT / "ci").rglob("*")) if path.is_file() and "__pycache__" not in path.parts}
    substitutes = {"scripts/test": SAYS, "scripts/setup": SAYS, "scripts/make-image": MAKE_IMAGE,
                   "scripts/make-builder": f'#!/bin/sh\nexec {PROJECT}/scripts/make-builder "$@"\n'}
    return {**files, **{name: ("100755", text) for name, text in substitutes.items()},
            "CMakeLists.txt": f"project(build-service VERSION {version} LANGUAGES CXX)\n"}


class World:
    def __init__(self, programs, directory, git: GitServer, registry: RegistryServer):
        self.programs, self.registry = programs, registry
        self.repository = Repository(git.directory / "build-service.git")
        executable(directory / "bin/cmake", CMAKE.replace("PROGRAMS", str(programs)))
        for step in ("check", "in"):
            executable(directory / "time/opt/resource" / step, NIGHT)
        types = {"build-service": HostPrograms(programs), "time": HostPrograms(directory / "time")}
        values = yaml.safe_load(VARS.read_text().replace("https://git.example.com/acme", git.base)
                                .replace("registry.example.com", registry.host))
        values |= {f"{who}_{what}": getattr(registry, what) for who in ("registry", "cnb") for what in ("username", "password")}
        self.values = values
        self.push_cnb_builder(directory / "cnb")
        self.concourse = Concourse(directory / "concourse", types, task_path=[directory / "bin"])
        self.pipeline = self.concourse.set_pipeline(PIPELINE, vars=values, name="build-service")

    def push_cnb_builder(self, directory: pathlib.Path) -> None:
        (directory / "tools").mkdir(parents=True)
        executable(directory / "tools/make-image", MAKE_IMAGE)
        (directory / "tools/CMakeLists.txt").write_text("VERSION 1\n")
        subprocess.run([directory / "tools/make-image", directory / "made", "--architecture", "amd64"], check=True, cwd=directory / "tools")
        source = {**self.registry.source, "repository": self.values["cnb_builder"], "tag": self.values["cnb_builder_tag"]}
        run_program(self.programs, "out", {"source": source, "params": {"image": "made/image"}}, directory).answer

    def versions(self, repository: str) -> list[dict]:
        source = {**self.registry.source, "repository": self.values[repository], "tag_regex": ".*"}
        return run_program(self.programs, "check", {"source": source}).answer

    def tags(self, repository: str) -> list[str]:
        return sorted(version["tag"] for version in self.versions(repository))

    def fetched(self, repository: str, tag: str, directory: pathlib.Path, **params) -> pathlib.Path:
        source = {**self.registry.source, "repository": self.values[repository], "tag": tag}
        version = run_program(self.programs, "check", {"source": source}).answer[-1]
        run_program(self.programs, "in", {"source": source, "version": version, "params": params}, directory).answer
        return directory


@pytest.fixture
def world(programs, tmp_path):
    (tmp_path / "repositories").mkdir()
    with (GitServer(tmp_path / "repositories") as git,
          RegistryServer(tmp_path / "registry", username="robot", password="geheim4711") as registry):
        yield World(programs, tmp_path, git, registry)


def test_a_commit_is_tested_and_its_images_are_made_for_both_architectures(world, tmp_path):
    world.repository.commit("first", own_files("1.2.3"))
    played = world.pipeline.tick()
    assert sorted(build.job["name"] for build in played) == ["edge", "nightly", "test"]
    for build in played:
        build.expect()
    builds = {build.job["name"]: build for build in played}
    assert re.search(r"test ran with: , cache in /\S+/cache", builds["test"].log)
    assert "test ran with: --release, cache in" in builds["nightly"].log
    assert world.tags("image") == ["edge"]
    assert world.tags("builder_image") == ["candidate", "edge"]
    for architecture in ("amd64", "arm64"):
        slim = world.fetched("image", "edge", tmp_path / architecture, platform={"os": "linux", "architecture": architecture})
        assert (slim / "rootfs/what").read_text() == "slim 1.2.3 update=False"
    builder = world.fetched("builder_image", "edge", tmp_path / "builder")
    assert (builder / "rootfs/opt/resource/check").exists()
    assert (builder / "rootfs/what").exists(), "the programs are on the builder, not in its place"
    # What a log shows is no secret.
    assert all("geheim4711" not in build.log for build in played)


def test_a_commit_whose_tests_fail_makes_no_image(world):
    world.repository.commit("broken", {**own_files("1.2.3"), "broken": ""})
    (test,) = world.pipeline.tick()
    assert test.job["name"] == "test" and test.status == "failed"
    assert world.tags("image") == world.tags("builder_image") == []


def test_a_tag_releases_the_version_that_it_names(world):
    commit = world.repository.commit("first", own_files("1.2.3"))
    world.repository.tag("v1.2.3", commit)
    build = world.pipeline.run_job("release").expect()
    assert world.tags("image") == ["1", "1.2", "1.2.3", "latest"]
    assert world.tags("builder_image") == ["1", "1.2", "1.2.3", "candidate", "latest"]
    assert build.step("test").log.startswith("test ran with")


@pytest.mark.release
def test_a_later_fix_of_an_old_series_does_not_become_the_newest(world):
    for version in ("1.2.3", "1.1.9"):
        world.repository.tag(f"v{version}", world.repository.commit(version, own_files(version)))
        world.pipeline.run_job("release").expect()
    assert world.tags("image") == ["1", "1.1", "1.1.9", "1.2", "1.2.3", "latest"]
    latest, newest = ({entry["tag"]: entry["digest"] for entry in world.versions("image")}[tag] for tag in ("latest", "1.2.3"))
    assert latest == newest


def test_a_tag_that_is_not_the_version_releases_nothing(world):
    commit = world.repository.commit("first", own_files("1.2.3"))
    world.repository.tag("v1.2.4", commit)
    build = world.pipeline.run_job("release").expect("failed")
    assert "the tag is v1.2.4, and CMakeLists.txt says 1.2.3" in build.log
    assert world.tags("image") == world.tags("builder_image") == []


def test_the_example_vars_are_the_pipelines_vars():
    used = set(re.findall(r"\(\((\w+)\)\)", PIPELINE.read_text()))
    assert used == set(yaml.safe_load(VARS.read_text()))
    read_pipeline(PIPELINE, VARS)


def test_the_pipeline_is_one_that_the_linter_takes(programs):
    result = run_program(programs, "check", "", "--lint", PIPELINE, "--load-vars-from", VARS)
    assert result.status == 0, result.stderr + result.stdout


def test_the_tasks_are_those_of_the_pipeline():
    named = set(re.findall(r"file: \w+/ci/tasks/([\w-]+\.yml)", PIPELINE.read_text()))
    assert named == {path.name for path in (PROJECT / "ci/tasks").glob("*.yml")}
    for path in (PROJECT / "ci/tasks").glob("*.yml"):
        script = yaml.safe_load(path.read_text())["run"]["path"].partition("/")[2]
        assert (PROJECT / script).stat().st_mode & 0o100


def test_the_issue_forms_are_forms():
    forms = sorted((PROJECT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert [path.name for path in forms] == ["bug.yml", "config.yml", "feature.yml"]
    for path in forms:
        form = yaml.safe_load(path.read_text())
        if path.name == "config.yml":
            assert form["blank_issues_enabled"] is False and all({"name", "url", "about"} == set(link) for link in form["contact_links"])
            continue
        assert {"name", "description", "body"} <= set(form)
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert len(ids) == len(set(ids))
    assert (PROJECT / ".github/PULL_REQUEST_TEMPLATE.md").exists()
