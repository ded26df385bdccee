"""What buildpacks must not reach: the put's other inputs, the settings of those after them; and what they may: bindings."""

import os
import pathlib
import stat
import threading

import pytest

from support import make_roots
from support.concourse import RootDirectory
from support.concourse.container import PATH
from support.faulty_registry import layer
from support.images import Pusher
from support.put_bench import BUILDPACK, RUN_CONFIG, PutBench
from support.registry_server import RegistryServer

SECRET = "a-kubeconfig-with-a-token"
# Everything that a buildpack may try; each line that it gets to print is a leak.
SPY = """
cat /tmp/build/put/kubeconfig/config 2>/dev/null && echo LEAK: read
ls /tmp/build/put 2>/dev/null && echo LEAK: listed
cat /tmp/build/put/../put/kubeconfig/config 2>/dev/null && echo LEAK: read by another way
chmod 755 /tmp/build/put 2>/dev/null && echo LEAK: opened
cat /proc/*/cwd/kubeconfig/config /proc/*/root/tmp/build/put/kubeconfig/config 2>/dev/null && echo LEAK: by /proc
[ -e "$CNB_APP_DIR/kubeconfig" ] && echo LEAK: copied
"""
# A group that fails leaves nothing behind for the next one.
PLANT = """
for name in PATH LD_PRELOAD BP_PLANTED; do echo /planted >/platform/env/$name && echo LEAK: planted $name; done 2>/dev/null
mkdir /platform/bindings 2>/dev/null && echo LEAK: bindings made
mv /platform/env /platform/old 2>/dev/null && echo LEAK: moved
rm -f /platform/env/BP_GIVEN 2>/dev/null && [ ! -e /platform/env/BP_GIVEN ] && echo LEAK: removed
chmod 777 /platform /platform/env 2>/dev/null && echo LEAK: made writable
exit 100
"""


@pytest.fixture
def registry(tmp_path):
    with RegistryServer(tmp_path / "registry") as registry:
        Pusher(registry, "run").image("base", [layer([("etc/motd", b"base")])], RUN_CONFIG)
        yield registry


def scripts(folder: pathlib.Path, name: str, detect: str, build: str) -> pathlib.Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "buildpack.toml").write_text(BUILDPACK.format(name=name))
    for program, text in (("detect", detect), ("build", build)):
        (folder / "bin" / program).write_text(f"#!/bin/sh\n{text}\n")
        (folder / "bin" / program).chmod(0o755)
    return folder


class Bench(PutBench):
    def with_inputs(self):
        kubeconfig = self.application.parent / "kubeconfig"
        kubeconfig.mkdir()
        (kubeconfig / "config").write_text(SECRET)
        return self

    @property
    def volume(self) -> pathlib.Path:
        return self.application.parent


@pytest.fixture
def bench(as_root, programs, tmp_path, registry):
    return Bench(programs, tmp_path, registry.host)


def test_other_inputs_are_closed_to_buildpacks_and_open_again_afterwards(bench):
    bench.builder(detect=SPY + "exit 0", build=SPY + "exit 0").with_inputs()
    bench.volume.chmod(0o751)
    os.chown(bench.volume, 1000, 1000)  # as an earlier step may have left it: the builder's user's own
    outcome = bench.put()
    assert outcome.status == 0, outcome.stderr
    assert "LEAK" not in outcome.stderr and SECRET not in outcome.stderr
    after = bench.volume.stat()
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o751, 1000, 1000)


@pytest.mark.parametrize("how", ["fails", "is aborted"])
def test_inputs_are_open_again_after_a_build_that(bench, how):
    bench.builder(build="echo here; " + ("exit 1" if how == "fails" else "sleep 300")).with_inputs()
    bench.volume.chmod(0o755)
    abort, log = threading.Event(), []

    def watch(text: str) -> None:
        log.append(text)
        if how == "is aborted" and "here" in "".join(log):
            abort.set()

    outcome = bench.put(abort=abort, show=watch)
    assert outcome.status != 0 and "here" in outcome.stderr
    assert stat.S_IMODE(bench.volume.stat().st_mode) == 0o755


def test_a_group_that_fails_plants_nothing_for_the_next_one(as_root, programs, tmp_path, registry):
    evil = scripts(tmp_path / "evil", "evil", PLANT, "exit 1")
    good = scripts(tmp_path / "good", "good", "exit 0",
                   'echo "PATH is $PATH"; echo "planted: $BP_PLANTED"; echo "given: $BP_GIVEN"')
    made = make_roots.make_builder(tmp_path / "builder", run_image=f"{registry.host}/run:base", buildpacks=[evil, good],
                                   order=[["tests/evil"], ["tests/good"]])
    container = RootDirectory(made.root, programs, made.environment).new_container(tmp_path / "container")
    volume, inputs = container.volume("put")
    (volume / "app").mkdir()
    (volume / "app/file").write_text("an application\n")
    request = {"source": {"repository": f"{registry.host}/app", "tag": "main"},
               "params": {"source": "app", "env": {"BP_GIVEN": "by the user"}}}
    outcome = container.run("out", [inputs], request, {"PATH": PATH, "HOME": "/root"})
    assert outcome.status == 0, outcome.stderr
    assert "LEAK" not in outcome.stderr and "given: by the user" in outcome.stderr
    assert "/planted" not in outcome.stderr and "planted: \n" in outcome.stderr


SETTINGS = "<settings><password>a-password-of-the-mirror</password></settings>"
READS_BINDINGS = """
root="${SERVICE_BINDING_ROOT:-$CNB_PLATFORM_DIR/bindings}"
for binding in "$root"/*; do
  echo "binding $(basename $binding): $(cat $binding/type) $(ls $binding | tr '\\n' ' ')"
done
cat "$root/maven/settings.xml"
[ "$(cat $root/maven/settings.xml)" = '%s' ] && echo as it was given
""" % SETTINGS


def stored(registry: RegistryServer) -> bytes:
    return b"".join(path.read_bytes() for path in registry.data.rglob("data"))


def test_bindings_are_there_for_the_build_alone_and_their_values_are_nowhere(bench, registry):
    bench.builder(build=READS_BINDINGS).with_inputs()
    (bench.container.root / "platform/bindings/builder-ca").mkdir(parents=True)
    (bench.container.root / "platform/bindings/builder-ca/type").write_text("ca-certificates")
    # As Kubernetes and a task give them: a directory of an input.
    given = bench.volume / "keys/ca"
    given.mkdir(parents=True)
    (given / "type").write_text("ca-certificates\n")
    (given / "ca.pem").write_text("a-certificate-authority\n")
    bindings = {"maven": {"type": "maven", "provider": "acme", "secrets": {"settings.xml": SETTINGS}}, "ca": "keys/ca"}
    request = bench.request(bindings=bindings)
    outcome = bench.put(request)
    assert outcome.status == 0, outcome.stderr
    for line in ("binding builder-ca: ca-certificates type", "binding ca: ca-certificates ca.pem type",
                 "binding maven: maven provider settings.xml type", "as it was given"):
        assert line in outcome.stderr, outcome.stderr
    assert "a-password-of-the-mirror" not in outcome.stderr
    for word in (b"a-password-of-the-mirror", b"a-certificate-authority"):
        assert word not in stored(registry)
    # The same bindings are not a change; another value is.
    assert "nothing has changed" in bench.put(request).stderr
    bindings["maven"]["secrets"]["settings.xml"] = "<settings/>"
    outcome = bench.put(bench.request(bindings=bindings))
    assert "Build reason(s): CONFIG" in outcome.stderr and "bindings: ca, maven (values " in outcome.stderr


def test_the_authorities_of_a_worker_reach_buildpacks_under_any_name(bench):
    bench.builder(detect="exit 0", build='echo "from $SSL_CERT_FILE: $(cat "$SSL_CERT_FILE")"')
    certificates = bench.container.root / "etc/ssl/certs"
    certificates.mkdir(parents=True, exist_ok=True)
    for entry in certificates.iterdir():
        entry.unlink()
    (certificates / "company.crt").write_text("-----BEGIN CERTIFICATE-----\nCOMPANY\n-----END CERTIFICATE-----")
    (certificates / "README").write_text("not a certificate")
    outcome = bench.put()
    assert outcome.status == 0, outcome.stderr
    assert "COMPANY" in outcome.stderr and "from /tmp/" in outcome.stderr and "not a certificate" not in outcome.stderr


def test_a_binding_that_cannot_be_meant_names_its_field(bench):
    bench.builder().with_inputs()
    for binding, words in (("kubeconfig", "no file type"), ("nowhere", "there is no such directory"), ("../..", "it leaves the inputs")):
        line = bench.refused(bench.put(bench.request(bindings={"one": binding})))
        assert "params.bindings.one" in line and words in line
    line = bench.refused(bench.put(bench.request(bindings={"../one": "kubeconfig"})))
    assert "params.bindings" in line


def test_layers_that_cannot_be_read_are_an_error_and_not_an_image_without_them(bench, registry):
    bench.builder(build='mkdir "$CNB_LAYERS_DIR/tool"; echo "[types]\nlaunch = true" >"$CNB_LAYERS_DIR/tool.toml"; '
                        'chmod 000 "$CNB_LAYERS_DIR"')
    line = bench.refused(bench.put())
    assert "/layers/tests_own" in line
    assert not (registry.data / "docker/registry/v2/repositories/app/_manifests").exists()


def test_an_environment_that_cannot_be_read_is_an_error(bench):
    bench.builder(build='mkdir -p "$CNB_LAYERS_DIR/tool/env"; echo "[types]\nbuild = true" >"$CNB_LAYERS_DIR/tool.toml"; '
                        'echo x >"$CNB_LAYERS_DIR/tool/env/A"; chmod 000 "$CNB_LAYERS_DIR/tool/env"')
    assert "/layers/tests_own/tool/env" in bench.refused(bench.put())
