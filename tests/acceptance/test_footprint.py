"""The programs are static and lean, and work in a root of which they know nothing."""

import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

from support.certificates import Authority
from support.faulty_registry import FaultyRegistry, layer
from support.program import Result

LARGEST_COMPRESSED = 12_000_000
START_LIMIT = 3.0  # milliseconds of CPU

# Where a root keeps its authorities.
PLACES = {
    "Debian and Ubuntu": "etc/ssl/certs/ca-certificates.crt",
    "UBI 8": "etc/pki/tls/certs/ca-bundle.crt",
    "UBI 9": "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "Alpine": "etc/ssl/cert.pem",
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def registry(authority):
    with FaultyRegistry(certificate=authority.issue()) as registry:
        registry.digest = registry.add_image("app", "main", [layer([("bin", None), ("bin/app", b"hello")])])
        yield registry


@pytest.fixture
def root(as_root, programs, tmp_path):
    """A root that holds nothing but busybox and the programs."""
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    shutil.copytree(programs / "opt", root / "opt", symlinks=True)
    return root


def run(root: pathlib.Path, program: str, request: dict, *arguments: str, env: dict | None = None) -> Result:
    done = subprocess.run(["chroot", str(root), f"/opt/resource/{program}", *arguments], input=json.dumps(request).encode(),
                          capture_output=True, env={"PATH": os.environ["PATH"], **(env or {})}, timeout=60)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def request_of(registry) -> dict:
    return {"source": {"repository": f"{registry.host}/app", "tag": "main"}}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_https_works_with_the_authorities_of_the_root(root, registry, authority, place):
    (root / place).parent.mkdir(parents=True)
    shutil.copy(authority.certificate, root / place)
    assert run(root, "check", request_of(registry)).answer == [{"tag": "main", "digest": registry.digest}]


def test_https_works_with_the_authorities_that_ssl_cert_file_names(root, registry, authority):
    shutil.copy(authority.certificate, root / "mine.pem")
    answer = run(root, "check", request_of(registry), env={"SSL_CERT_FILE": "/mine.pem"}).answer
    assert answer == [{"tag": "main", "digest": registry.digest}]


def test_https_works_with_a_directory_of_hashed_authorities(root, registry, authority):
    directory = root / "etc/ssl/certs"
    directory.mkdir(parents=True)
    named = subprocess.run(["openssl", "x509", "-in", str(authority.certificate), "-noout", "-hash"], capture_output=True, text=True, check=True)
    shutil.copy(authority.certificate, directory / f"{named.stdout.strip()}.0")
    assert run(root, "check", request_of(registry)).answer == [{"tag": "main", "digest": registry.digest}]


def test_https_works_with_the_authorities_of_the_source(root, registry, authority):
    request = request_of(registry)
    request["source"]["ca_certs"] = [authority.certificate.read_text()]
    assert run(root, "check", request).answer == [{"tag": "main", "digest": registry.digest}]


def test_an_unknown_authority_is_refused_and_the_remedy_named(root, registry):
    line = run(root, "check", request_of(registry)).error
    assert "certificate" in line and "source.ca_certs" in line


def test_an_image_is_fetched_in_an_empty_root(root, registry, authority):
    shutil.copy(authority.certificate, root / "mine.pem")
    request = {**request_of(registry), "version": {"tag": "main", "digest": registry.digest}}
    answer = run(root, "in", request, "/tmp/build/get", env={"SSL_CERT_FILE": "/mine.pem"}).answer
    assert answer["version"] == request["version"]
    assert (root / "tmp/build/get/rootfs/bin/app").read_bytes() == b"hello"


def test_the_programs_need_no_interpreter_and_no_library(programs):
    for program in sorted((programs / "opt/resource").iterdir()):
        described = subprocess.run(["readelf", "--program-headers", "--dynamic", str(program)], capture_output=True, text=True, check=True).stdout
        assert "INTERP" not in described and "NEEDED" not in described, program


def test_all_that_is_installed_is_small(programs):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=9) as tar:
        tar.add(programs / "opt", "opt")
    assert packed.tell() <= LARGEST_COMPRESSED


def test_a_warm_start_is_cheap(project, programs):
    measured = subprocess.run([str(project / "tests/bench/start"), str(programs), "--limit", str(START_LIMIT)], capture_output=True, text=True)
    assert measured.returncode == 0, measured.stdout + measured.stderr
