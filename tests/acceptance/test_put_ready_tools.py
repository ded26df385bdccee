"""Ready-made images as the tools of the field write them: skopeo, umoci and buildah. What one of them has made is pushed,
fetched by another and compared."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

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
