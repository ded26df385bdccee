"""A put that cannot succeed says why in one line and pushes nothing: no builder here, buildpacks that fail, registries
that refuse, an abort in the middle."""

import json
import os
import pathlib
import signal
import threading
import time

import pytest

from support import make_roots
from support.concourse import RootDirectory
from support.concourse.container import PATH, Outcome, run
from support.faulty_registry import Answer, FaultyRegistry, layer
from support.program import Result, run_program

BUILDPACK = """
api = "0.10"
[buildpack]
id = "tests/{name}"
version = "1.0.0"
name = "{name}"
[[targets]]
os = "linux"
"""


class Bench:
    """A builder root with one buildpack of the test's own, a registry that holds the run image, an application."""

    def __init__(self, programs: pathlib.Path, tmp: pathlib.Path, registry: FaultyRegistry):
        self.programs = programs
        self.tmp = tmp
        self.registry = registry
        labels = {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}
        registry.add_image("run", "base", [layer([("etc/motd", b"base")])], {"User": "1000:1000", "Labels": labels})
        self.container = None

    def builder(self, detect: str = "exit 0", build: str = "exit 0") -> "Bench":
        folder = self.tmp / "buildpack"
        (folder / "bin").mkdir(parents=True)
        (folder / "buildpack.toml").write_text(BUILDPACK.format(name="own"))
        for name, script in (("detect", detect), ("build", build)):
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / "bin" / name).chmod(0o755)
        made = make_roots.make_builder(self.tmp / "builder", run_image=f"{self.registry.host}/run:base", buildpacks=[folder],
                                       order=[["tests/own"]])
        self.container = RootDirectory(made.root, self.programs, made.environment).new_container(self.tmp / "container")
        volume, self.inputs = self.container.volume("put")
        (volume / "app").mkdir()
        (volume / "app/file").write_text("an application\n")
        return self

    def request(self, **params) -> dict:
        return {"source": {"repository": f"{self.registry.host}/app", "tag": "main"}, "params": {"source": "app", **params}}

    def put(self, request: dict | None = None, **options) -> Outcome:
        return self.container.run("out", [self.inputs], request or self.request(), {"PATH": PATH, "HOME": "/root"}, **options)

    def refused(self, outcome: Outcome) -> str:
        assert outcome.status > 0 and outcome.stdout == b"", outcome.stderr
        written = [request for request in self.registry.requests if request.method == "PUT" and "/manifests/" in request.path]
        assert written == [] and sorted(path.name for path in self.container.tmp.iterdir()) == ["build"]
        return Result(outcome.status, "", outcome.stderr).error

    def refuses(self, request: dict | None = None) -> str:
        return self.refused(self.put(request))


@pytest.fixture
def bench(as_root, programs, tmp_path):
    with FaultyRegistry() as registry:
        yield Bench(programs, tmp_path, registry)


def says(line: str, *parts: str) -> None:
    missing = [part for part in parts if part.lower() not in line.lower()]
    assert not missing, f"{missing} not in: {line}"


def test_no_builder_here(programs, bench, tmp_path):
    (tmp_path / "inputs/app").mkdir(parents=True)
    result = run_program(programs, "out", bench.request(), tmp_path / "inputs")
    assert result.status != 0 and result.stdout == ""
    says(result.error, "/cnb", "build-service-builder")


def test_another_user_than_root(bench):
    bench.builder()
    # Entering the root takes uid 0; the program itself then runs as the builder's user.
    enter = ["chroot", "--userspec=1000:1000", "--groups=", str(bench.container.root), "/opt/resource/out", bench.inputs]
    outcome = run(enter, json.dumps(bench.request()).encode(), {"PATH": PATH, "HOME": "/home/cnb"})
    says(bench.refused(outcome), "root")


def test_no_buildpack_passes(bench):
    says(bench.builder(detect="exit 100").refuses(), "no group of buildpacks passed", "params.source")


def test_a_buildpack_whose_detection_breaks(bench):
    outcome = bench.builder(detect="echo it is broken; exit 3").put()
    says(bench.refused(outcome), "no group of buildpacks passed", "tests/own@1.0.0 (its bin/detect ended with exit status 3)")
    assert "tests/own" in outcome.stderr and "it is broken" in outcome.stderr


def test_a_buildpack_that_fails(bench):
    outcome = bench.builder(build="echo compiling; echo 'no such class' >&2; exit 7").put()
    says(bench.refused(outcome), "tests/own", "7")
    assert "compiling" in outcome.stderr and "no such class" in outcome.stderr


def test_a_buildpack_that_is_killed(bench):
    says(bench.builder(build="kill -9 $$").refuses(), "tests/own", "9")


def test_a_buildpack_that_writes_nonsense(bench):
    says(bench.builder(build='echo "[[processes" >"$CNB_LAYERS_DIR/launch.toml"').refuses(), "launch.toml")


def test_a_run_image_that_is_gone(bench):
    bench.builder()
    bench.registry.manifests.clear()
    says(bench.refuses(), f"{bench.registry.host}/run")


@pytest.mark.parametrize("status, part", [(401, "401"), (403, "403"), (404, "404"), (500, "500")])
def test_a_registry_that_refuses_the_push(bench, status, part):
    headers = {"Www-Authenticate": 'Basic realm="tests"'} if status == 401 else {}
    bench.builder()
    bench.registry.fault = lambda request: Answer(status, headers) if request.method in ("POST", "PUT", "PATCH") else None
    says(bench.refuses(), f"{bench.registry.host}/app", part)


def processes_of(root: pathlib.Path) -> list[str]:
    """The processes that have this directory as their root."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "root") == str(root):
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def test_an_abort_while_a_buildpack_runs_ends_it_and_its_children(bench):
    bench.builder(build="sleep 300 & echo sleeping; trap '' TERM; sleep 300; sleep 300")
    abort = threading.Event()
    log: list[str] = []

    def watch(text: str) -> None:
        log.append(text)
        if "sleeping" in "".join(log):
            abort.set()

    began = time.monotonic()
    outcome = bench.put(abort=abort, show=watch)
    assert outcome.status == 128 + signal.SIGTERM and time.monotonic() - began < 15
    bench.refused(outcome)
    deadline = time.monotonic() + 5
    while processes_of(bench.container.root) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(bench.container.root) == []
