"""A container may have a limit on processes, which counts threads (pids.max, RLIMIT_NPROC): the steps go on with those that
there are, and do the work themselves where there is none."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from support.faulty_registry import Answer, FaultyRegistry, layer
from support.git_server import GitServer, Repository
from support.kpack_world import image_of
from support.program import ENVIRONMENT, Result

USER = 54322  # nobody else's here: root has no such limit


@pytest.fixture
def place():
    """A directory that the user may write to, on a path that it may walk."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="thread-limit-"))
    path.chmod(0o755)
    for name in ("destination", "temporary", "programs"):
        (path / name).mkdir()
        os.chown(path / name, USER, USER)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def limited(as_root, programs, place):
    """Runs a step in a process that gets no thread beside its first."""
    shutil.copy((programs / "opt/resource/check").resolve(), place / "programs/build-service")

    def run(step: str, request: dict, *arguments) -> Result:
        program = place / "programs" / step
        program.symlink_to("build-service")
        command = ["prlimit", "--nproc=1:1", "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", str(program)]
        done = subprocess.run([*command, *map(str, arguments)], input=json.dumps(request).encode(), capture_output=True,
                              env={**ENVIRONMENT, "TMPDIR": str(place / "temporary")}, timeout=120)
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def test_the_limit_is_one(limited, place):
    """Without this the others would prove nothing."""
    done = subprocess.run(["prlimit", "--nproc=1:1", "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
                           "/bin/sh", "-c", "/bin/true & wait"], capture_output=True)
    assert done.returncode != 0 and b"fork" in done.stderr


def test_an_image_of_several_layers_is_fetched(limited, place):
    with FaultyRegistry() as registry:
        digest = registry.add_image("app", "main", [layer([(f"file{i}", os.urandom(100_000))]) for i in range(6)])
        request = {"source": {"repository": f"{registry.host}/app", "tag": "main"}, "version": {"tag": "main", "digest": digest}}
        assert limited("in", request, place / "destination").answer["version"]["digest"] == digest
    assert sorted(path.name for path in (place / "destination/rootfs").iterdir()) == [f"file{i}" for i in range(6)]


def test_the_digests_of_many_tags_are_found(limited):
    with FaultyRegistry() as registry:
        tags = [f"1.0.{i}" for i in range(20)]
        for tag in tags:
            registry.add_image("app", tag, [layer([("file", tag.encode())])])
        listing = Answer(200, {"Content-Type": "application/json"}, json.dumps({"name": "app", "tags": tags}).encode())
        registry.fault = lambda request: listing if "/tags/list" in request.path else None
        request = {"source": {"repository": f"{registry.host}/app"}}
        assert len(limited("check", request).answer) == 20


def test_a_commit_with_many_files_is_checked_out(limited, place, tmp_path):
    repository = Repository(tmp_path / "repositories/app.git")
    commit = repository.commit("many", {f"directory{i}/file{j}": f"{i} {j}\n" for i in range(20) for j in range(20)})
    with GitServer(tmp_path / "repositories") as server:
        request = {"source": {"uri": server.url("app"), "branch": "main"}, "version": {"ref": commit}}
        assert limited("in", request, place / "destination").answer["version"] == {"ref": commit}
    assert len(list((place / "destination").glob("directory*/file*"))) == 400


def test_a_build_of_kpack_is_waited_for_and_its_log_is_shown(limited, place, world):
    world.built(world.commit("one"))
    (place / "inputs/app").mkdir(parents=True)
    (place / "inputs/app/ref").write_text(world.commit("two"))
    done = limited("out", {"source": world.source, "params": {"commitish": "app/ref"}}, place / "inputs")
    assert done.answer["version"] == {"image": image_of(world.builds()[1])}
    assert "===> BUILD" in done.lines and "Build successful" in done.lines
