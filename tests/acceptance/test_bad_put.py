"""A put that cannot succeed says why in one line and pushes nothing: no builder here, buildpacks that fail, registries
that refuse, an abort in the middle."""

import json
import os
import signal
import subprocess
import threading
import time

import pytest

from support.concourse.container import PATH, Outcome, run
from support.faulty_registry import Answer, FaultyRegistry, layer
from support.program import run_program
from support.put_bench import RUN_CONFIG, PutBench, says


class Bench(PutBench):
    """With a registry that holds the run image, and takes nothing."""

    def __init__(self, programs, tmp, registry: FaultyRegistry, golden):
        super().__init__(programs, tmp, registry.host)
        self.registry = registry
        self.golden = golden
        registry.add_image("run", "base", [layer([("etc/motd", b"base")])], RUN_CONFIG)

    def refused(self, outcome: Outcome) -> str:
        written = [request for request in self.registry.requests if request.method == "PUT" and "/manifests/" in request.path]
        assert written == []
        return self.golden(super().refused(outcome))

    def refuses(self, request: dict | None = None) -> str:
        return self.refused(self.put(request))


@pytest.fixture
def bench(as_root, programs, tmp_path, golden):
    with FaultyRegistry() as registry:
        yield Bench(programs, tmp_path, registry, golden)


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


DAEMON = """python3 -c '
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(300)
time.sleep(0.5)
'"""


@pytest.mark.parametrize("outputs", ["", ">/dev/null 2>&1"], ids=["holds the log open", "is silent"])
@pytest.mark.parametrize("phase", ["detect", "build"])
def test_a_daemon_that_a_buildpack_leaves_behind_is_ended_with_the_phase(bench, phase, outputs):
    # A session of its own: no signal to the buildpack's group reaches it. The build fails, so that the put ends here.
    bench.builder(**{"build": "exit 7", phase: f"{DAEMON} {outputs}"})
    proc = bench.container.root / "proc"
    proc.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "proc", "proc", str(proc)], capture_output=True).returncode == 0
    try:
        outcome = bench.put()
        left = bench.processes()
    finally:
        if mounted:
            subprocess.run(["umount", str(proc)], check=True)
        for process in bench.process_ids():
            os.kill(process, signal.SIGKILL)
    assert outcome.status > 0 and outcome.seconds < 30
    # Who is whose child is told by /proc, which every container of Concourse has and a root of ours only by a mount.
    assert left == [] or not mounted


def test_a_buildpack_that_is_killed(bench):
    says(bench.builder(build="kill -9 $$").refuses(), "tests/own", "9")


@pytest.mark.parametrize("scripts", [
    {"detect": 'rm -f "$2" && mkfifo "$2"'},
    {"build": 'mkfifo "$1/launch.toml"'},
    {"build": 'mkdir "$1/layer" && mkfifo "$1/layer.toml"'},
    {"build": 'mkfifo "$1/store.toml"'},
    {"build": 'mkdir "$1/launch.toml"'},
], ids=["plan", "launch.toml", "layer.toml", "store.toml", "directory"])
def test_a_buildpack_that_leaves_no_file_where_one_is_read(bench, scripts):
    """A FIFO would be waited for until the end of the worker."""
    says(bench.builder(**scripts).refuses(), "not a regular file")


def test_a_buildpack_that_closes_its_layers(bench):
    says(bench.builder(build='mkdir "$1/layer" && chmod 000 "$1"').refuses(), "/layers/tests_own", "permission denied")


@pytest.mark.parametrize("line", ["$keys = 1", "[$keys]", "[[$keys]]"], ids=["key", "table", "list"])
def test_a_buildpack_that_nests_keys_without_end(bench, line):
    keys = 'keys=a; for i in $(seq 12); do keys="$keys.$keys"; done'  # 4,096 of them
    says(bench.builder(build=f'{keys}; echo "{line}" >"$1/launch.toml"').refuses(), "launch.toml", "nested deeper")


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
    while bench.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert bench.processes() == []
