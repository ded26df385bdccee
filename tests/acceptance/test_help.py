"""What the programs say of themselves and of a request, without contacting anybody."""

import pytest

from support.program import run_program

IMAGE = {"repository": "registry.example.com/acme/app", "tag": "main"}
IMAGE_VERSION = {"tag": "main", "digest": "sha256:" + "0" * 64}
SOURCE = {"uri": "https://git.example.com/acme/app.git", "branch": "main"}
SOURCE_VERSION = {"ref": "0" * 40}


@pytest.mark.parametrize("program", ["check", "in", "out"])
def test_help(programs, golden, program):
    result = run_program(programs, program, "", "--help")
    assert result.status == 0 and result.stderr == ""
    golden(result.stdout)


@pytest.mark.parametrize("program, request_", [
    ("check", {"source": SOURCE}),
    ("check", {"source": {"uri": "git@git.example.com:acme/app.git"}}),
    ("check", {"source": {**SOURCE, "username": "robot", "password": "s3cr3t", "https_tunnel": {"proxy_host": "proxy.example.com", "proxy_port": 3128}}}),
    ("in", {"source": SOURCE, "version": SOURCE_VERSION}),
    ("check", {"source": IMAGE}),
    ("check", {"source": {"repository": "registry.example.com/acme/app", "semver_constraint": "~1.2", "variant": "alpine"}}),
    ("in", {"source": {**IMAGE, "username": "robot", "password": "s3cr3t"}, "version": IMAGE_VERSION}),
    ("out", {"source": {**IMAGE, "cache": "registry.example.com/acme/cache:app", "registries": [{"host": "r.example.com"}],
                        "platform": {"architecture": "arm64"}}, "params": {"source": "app"}}),
], ids=["branch", "ssh", "tunnel", "commit", "tag", "versions", "digest", "put"])
def test_explain(programs, golden, program, request_):
    request_["source"].setdefault("platform", {"architecture": "amd64"}) if "repository" in request_["source"] else None
    result = run_program(programs, program, request_, "--explain")
    assert result.status == 0 and result.stderr == "" and "s3cr3t" not in result.stdout
    golden(result.stdout)


@pytest.mark.parametrize("program", ["check", "in", "out"])
def test_a_request_that_cannot_be_explained(programs, golden, program):
    request = {"source": {**IMAGE, "tga": "x"}, "version": IMAGE_VERSION}
    result = run_program(programs, program, request, "--explain")
    assert result.status == 1 and result.stdout == ""
    golden(result.error)
