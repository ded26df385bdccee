"""A put whose push meets trouble at a real registry: what passes is waited for, what stays is one line and no image."""

import json
import pathlib
import subprocess
import time

import pytest

from support.certificates import Authority
from support.concourse.container import PATH, Outcome, bounded_set, run
from support.fault_proxy import CutRequest, FaultProxy, SlowRequest, Status
from support.faulty_registry import MANIFEST, layer
from support.images import Pusher, layer_digest
from support.put_bench import RUN_CONFIG, PutBench, says
from support.registry_server import RegistryServer

# A layer that does not compress, large enough to be sent in parts that can be continued.
BIG = """
mkdir -p "$CNB_LAYERS_DIR/big"
head -c 3000000 /dev/urandom >"$CNB_LAYERS_DIR/big/data"
printf '[types]\\nlaunch = true\\n' >"$CNB_LAYERS_DIR/big.toml"
"""
UPLOAD = "/v2/app/blobs/uploads/"


class Bench(PutBench):
    def __init__(self, programs, tmp: pathlib.Path, proxy: FaultProxy, registry: RegistryServer):
        super().__init__(programs, tmp, proxy.host)
        self.proxy = proxy
        self.registry = registry
        Pusher(registry, "run").image("base", [layer([("etc/motd", b"base")])], RUN_CONFIG)

    def refused(self, outcome: Outcome) -> str:
        assert not (self.registry.data / "docker/registry/v2/repositories/app/_manifests").exists()
        return super().refused(outcome)

    def pushed(self, outcome: Outcome) -> None:
        """The image is there, and so is each of its blobs."""
        assert outcome.status == 0, outcome.stderr
        pusher = Pusher(self.registry, "app")
        manifest = pusher.registry.request("GET", "/v2/app/manifests/main", headers={"Accept": MANIFEST}).read()
        for digest in {part.split(b'"')[0].decode() for part in manifest.split(b'"digest":"')[1:]}:
            assert pusher.registry.request("GET", f"/v2/app/blobs/{digest}").read()

    def sent(self, method: str) -> list[dict]:
        """The headers of the uploads by this method."""
        return [headers for name, path, headers in self.proxy.requests if name == method and path.startswith(UPLOAD)]


@pytest.fixture
def registry(tmp_path):
    with RegistryServer(tmp_path / "registry") as server:
        yield server


@pytest.fixture
def proxy(registry):
    with FaultProxy(registry.host) as proxy:
        yield proxy


@pytest.fixture
def bench(as_root, programs, tmp_path, proxy, registry):
    return Bench(programs, tmp_path, proxy, registry)


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_uploads_that_go_on_to_fail_are_given_up(bench, proxy, method, status):
    proxy.faults.append(Status(UPLOAD, method=method, status=status, times=10_000))
    outcome = bench.builder(build=BIG).put()
    # A POST is tried before any work is done: it proves that the put may write.
    says(bench.refused(outcome), f"cannot write to repository {bench.host}/app" if method == "POST" else
         f"cannot push blob {bench.host}/app@sha256:", str(status))
    # Some blobs go at a time, each at most eight times.
    assert 5 <= len(bench.sent(method)) <= 60 and outcome.seconds < 120


@pytest.mark.parametrize("status", [401, 403, 404])
def test_uploads_that_are_refused_are_not_tried_again_and_again(bench, proxy, status):
    headers = {"Www-Authenticate": 'Basic realm="tests"'} if status == 401 else {}
    proxy.faults.append(Status(UPLOAD, method="PATCH", status=status, headers=headers, times=10_000))
    says(bench.refused(bench.builder(build=BIG).put()), f"{bench.host}/app", str(status))
    assert len(bench.sent("PATCH")) <= 6


def test_a_pause_that_the_registry_asks_for_is_made(bench, proxy):
    proxy.faults.append(Status(UPLOAD, method="PATCH", status=429, headers={"Retry-After": "3"}))
    outcome = bench.builder(build=BIG).put()
    bench.pushed(outcome)
    assert "takes no more writes for now (429): all wait 4.0 s, then go on\n" in outcome.stderr and outcome.seconds > 3


def test_a_pause_that_is_too_long_ends_the_upload_at_once(bench, proxy):
    proxy.faults.append(Status(UPLOAD, method="PATCH", status=429, headers={"Retry-After": "3600"}, times=10_000))
    says(bench.refused(bench.builder(build=BIG).put()), "429", "3600")
    assert len(bench.sent("PATCH")) <= 4


def test_an_upload_that_was_cut_comes_to_its_end(bench, proxy):
    """docker-registry forgets an upload that broke, so this one begins anew; where it goes on is a matter of unit tests."""
    proxy.faults += [CutRequest(UPLOAD, method="PATCH", after=1_000_000), Status(UPLOAD, method="PATCH", status=502)]
    outcome = bench.builder(build=BIG).put()
    bench.pushed(outcome)
    # How a cut is told depends on whether it is met in writing or in reading.
    assert "attempt 2 of 8" in outcome.stderr and "HTTP status 502; attempt 3 of 8" in outcome.stderr
    assert len(bench.sent("PATCH")) == 3


def test_an_upload_that_is_cut_again_and_again_is_given_up(bench, proxy):
    proxy.faults.append(CutRequest(UPLOAD, method="PATCH", after=0, times=10_000))
    outcome = bench.builder(build=BIG).put()
    says(bench.refused(outcome), f"cannot push blob {bench.host}/app@sha256:")
    assert outcome.seconds < 120


def test_an_abort_while_a_layer_is_sent_leaves_nothing(bench, proxy):
    slow = SlowRequest(UPLOAD, method="PATCH", pause=0.5)
    proxy.faults.append(slow)
    outcome = bench.builder(build=BIG).put(abort=slow.began)
    ended = time.monotonic()
    assert outcome.status == 143
    bench.refused(outcome)
    assert bench.processes() == [] and ended - slow.began_at < 5


def test_a_manifest_that_is_refused_is_one_line_and_no_image(bench, proxy):
    proxy.faults.append(Status("/v2/app/manifests/", method="PUT", status=403, times=10_000))
    says(bench.refused(bench.builder().put()), f"cannot push image {bench.host}/app", "403")


# The image before

KEEPS = """
if [ -e "$CNB_LAYERS_DIR/big.toml" ]; then
  echo keeping it
  printf '[types]\\nlaunch = true\\n' >"$CNB_LAYERS_DIR/big.toml"
else
  echo making it
""" + BIG + "fi\n"


def test_a_layer_of_the_image_before_that_the_registry_lost_is_built_again(bench, registry):
    bench.builder(build=KEEPS).put()
    (bench.application / "file").write_text("changed\n")
    kept = bench.put()
    bench.pushed(kept)
    assert "keeping it" in kept.stderr
    pusher = Pusher(registry, "app")
    manifest = pusher.registry.request("HEAD", "/v2/app/manifests/main", headers={"Accept": MANIFEST}).headers["Docker-Content-Digest"]
    big = next(digest for digest in (layer_digest(pusher, manifest, index) for index in range(2))
               if registry.blob(digest).stat().st_size > 2_000_000)
    pusher.registry.request("DELETE", f"/v2/app/blobs/{big}")
    (bench.application / "file").write_text("changed again\n")
    outcome = bench.put()
    bench.pushed(outcome)
    assert "making it" in outcome.stderr and "lost layer" in outcome.stderr


def test_an_image_before_whose_configuration_is_gone_is_no_obstacle(bench, registry):
    bench.pushed(bench.builder(build=KEEPS).put())
    pusher = Pusher(registry, "app")
    manifest = pusher.registry.request("GET", "/v2/app/manifests/main", headers={"Accept": MANIFEST}).read().decode()
    config = manifest.split('"config":{')[1].split('"digest":"')[1].split('"')[0]
    pusher.registry.request("DELETE", f"/v2/app/blobs/{config}")
    (bench.application / "file").write_text("changed\n")
    outcome = bench.put()
    bench.pushed(outcome)
    assert "making it" in outcome.stderr


# A run image that lives elsewhere

@pytest.fixture
def elsewhere(as_root, programs, tmp_path):
    """A bench whose run image is on another registry, with another password and another authority than the target's."""
    with (RegistryServer(tmp_path / "target", "robot", "of-target", Authority(tmp_path / "target-ca")) as target,
          RegistryServer(tmp_path / "other", "reader", "of-other", Authority(tmp_path / "other-ca")) as other):
        Pusher(other, "run").image("base", [layer([("etc/motd", b"base")])], RUN_CONFIG)
        bench = PutBench(programs, tmp_path, target.host, other.host).builder()
        bench.target, bench.other = target, other
        yield bench


def test_a_run_image_of_another_registry_is_read_with_that_registry_s_credentials(elsewhere):
    target, other = elsewhere.target, elsewhere.other
    outcome = elsewhere.put(elsewhere.request({**target.source, "registries": [{"host": other.host, **other.source}]}))
    assert outcome.status == 0, outcome.stderr
    assert "of-target" not in outcome.stderr and "of-other" not in outcome.stderr
    pusher = Pusher(other, "run")
    base = layer_digest(pusher, pusher.registry.request("HEAD", "/v2/run/manifests/base", headers={"Accept": MANIFEST})
                        .headers["Docker-Content-Digest"])
    assert target.blob(base).exists()


def test_a_run_image_that_needs_credentials_says_where_they_go(elsewhere):
    target, other = elsewhere.target, elsewhere.other
    entry = {"host": other.host, "ca_certs": other.source["ca_certs"]}
    line = elsewhere.refused(elsewhere.put(elsewhere.request({**target.source, "registries": [entry]})))
    says(line, f"{other.host}/run", "401", "source.registries")


def test_an_authority_given_for_one_registry_is_not_trusted_at_another(elsewhere):
    target, other = elsewhere.target, elsewhere.other
    both = [*target.source["ca_certs"], *other.source["ca_certs"]]
    entry = {"host": other.host, "username": "reader", "password": "of-other"}
    line = elsewhere.refused(elsewhere.put(elsewhere.request({**target.source, "ca_certs": both, "registries": [entry]})))
    says(line, other.host, "certificate", "source.registries")


# A worker at its end

def test_a_full_disk_below_the_layers(bench, tmp_path):
    bench.builder(build=BIG.replace("3000000", "9000000") + "exit 0")
    layers = bench.container.root / "layers"
    layers.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(layers)], capture_output=True).returncode == 0
    try:
        if mounted:
            says(bench.refused(bench.put()), "/layers/", "no space left")
        else:
            says(bench.refused(put_of_small_files(bench)), "file too large")
    finally:
        if mounted:
            subprocess.run(["umount", str(layers)], check=True)


def put_of_small_files(bench: Bench) -> Outcome:
    small = ["sh", "-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "-"]  # 2 MiB
    command = [*small, *bounded_set(), "chroot", str(bench.container.root), "/opt/resource/out", bench.inputs]
    return run(command, json.dumps(bench.request()).encode(), {"PATH": PATH, "HOME": "/root"} | bench.container.environment)
