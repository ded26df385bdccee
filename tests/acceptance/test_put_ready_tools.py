"""Ready-made images as the tools of the field write them: skopeo, umoci and buildah. What one of them has made is pushed,
fetched by another and compared. And what a large one takes of the memory."""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

import pytest

from support.archives import docker_archive
from support.faulty_registry import layer
from support.images import Pusher
from support.program import run_program
from support.registry_server import RegistryServer

pytestmark = pytest.mark.release

LAYERS = [layer([("etc/motd", b"hello"), ("bin", None)]), layer([("app/" + "n" * 120, bytes(range(256)) * 400)])]


def tool(*arguments) -> str:
    assert shutil.which(arguments[0]), f"{arguments[0]} is missing: run scripts/setup --release"
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, check=False,
                          env={**os.environ, "BUILDAH_ISOLATION": "chroot"})
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


class Bench:
    def __init__(self, programs: pathlib.Path, tmp: pathlib.Path, registry: RegistryServer):
        self.programs, self.registry = programs, registry
        self.inputs = tmp / "inputs"
        self.inputs.mkdir()
        self.digest = Pusher(registry, "from").image("1", LAYERS, {"Env": ["A=b"], "Labels": {"made": "here"}})

    def copy(self, target: str) -> None:
        tool("skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", f"docker://{self.registry.host}/from:1", target)

    def put(self, name: str) -> str:
        request = {"source": {"repository": f"{self.registry.host}/to", "tag": "main"}, "params": {"image": name}}
        return run_program(self.programs, "out", request, self.inputs).answer["version"]["digest"]

    def same(self) -> None:
        """What skopeo says of both images."""
        def said(reference: str) -> dict:
            address = f"docker://{self.registry.host}/{reference}"
            config = json.loads(tool("skopeo", "inspect", "--config", "--tls-verify=false", address))
            return {"diff_ids": config["rootfs"]["diff_ids"], "config": config["config"]}
        assert said("to:main") == said("from:1")


@pytest.fixture
def bench(programs, tmp_path):
    with RegistryServer(tmp_path / "registry") as registry:
        yield Bench(programs, tmp_path, registry)


def test_archives_of_skopeo(bench):
    bench.copy(f"docker-archive:{bench.inputs}/docker.tar:acme/app:1")
    digest = bench.put("docker.tar")
    bench.same()
    assert bench.put("docker.tar") == digest
    bench.copy(f"oci-archive:{bench.inputs}/oci.tar:1")
    assert bench.put("oci.tar") == bench.digest
    bench.same()


def test_layouts_of_skopeo_and_umoci(bench):
    bench.copy(f"oci:{bench.inputs}/oci:1")
    assert bench.put("oci") == bench.digest
    tool("umoci", "tag", "--image", bench.inputs / "oci:1", "again")
    assert bench.put("oci") == bench.digest
    tool("umoci", "config", "--image", bench.inputs / "oci:1", "--tag", "changed", "--config.env", "C=d")
    for name in ("1", "again"):
        tool("umoci", "remove", "--image", bench.inputs / f"oci:{name}")
    tool("umoci", "gc", "--layout", bench.inputs / "oci")
    assert bench.put("oci") != bench.digest


def test_archives_of_buildah(bench, as_root, tmp_path):
    store = ["--root", tmp_path / "store", "--runroot", tmp_path / "run", "--storage-driver", "vfs"]
    container = tool("buildah", *store, "from", "--tls-verify=false", f"{bench.registry.host}/from:1").strip()
    tool("buildah", *store, "config", "--env", "C=d", container)
    tool("buildah", *store, "commit", container, "localhost/made:1")
    for form in ("docker-archive", "oci-archive"):
        tool("buildah", *store, "push", "localhost/made:1", f"{form}:{bench.inputs}/{form}.tar:made:1")
        bench.put(f"{form}.tar")
        assert "C=d" in json.loads(tool("skopeo", "inspect", "--config", "--tls-verify=false",
                                        f"docker://{bench.registry.host}/to:main"))["config"]["Env"]


def test_the_memory_of_a_put_does_not_grow_with_the_image(bench):
    noise = random.Random(1).randbytes(8 << 20)
    docker_archive(bench.inputs / "image.tar", [layer([(f"{part}", noise * 8)]) for part in range(3)])
    request = {"source": {"repository": f"{bench.registry.host}/to", "tag": "main"}, "params": {"image": "image.tar"}}
    # A child counts what its parent had before it became another program, so the parent is a small one.
    measure = ("import os, subprocess, sys; child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL);"
               "_, status, usage = os.wait4(child.pid, 0); print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", measure, bench.programs / "opt/resource/out", bench.inputs],
                          input=json.dumps(request), capture_output=True, text=True, check=True)
    status, peak = map(int, done.stdout.split())
    assert status == 0 and peak < 32 << 10, done.stderr  # in KiB
