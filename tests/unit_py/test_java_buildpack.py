"""The buildpack for Maven, with a Maven that only notes what it was given."""

import base64
import os
import re
import subprocess

import pytest

from support.certificates import Authority

MAVEN = """#!/bin/sh
printf '%s\\n' "$@" >"$NOTED/arguments"
while [ $# -gt 0 ]; do
  case $1 in --settings) cp "$2" "$NOTED/settings.xml" ;; --global-settings) cp "$2" "$NOTED/global.xml" ;; esac
  shift
done
cp "${MAVEN_OPTS##*trustStore=}" "$NOTED/trust.jks"
"""


@pytest.fixture
def build(project, tmp_path):
    """Runs bin/build on an empty application; what Maven was given lies in tmp_path."""
    for name in ("bin", "layers", "app", "platform/bindings"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bin/mvn").write_text(MAVEN)
    (tmp_path / "bin/mvn").chmod(0o755)
    worker = Authority(tmp_path / "worker")

    def run(**environment):
        given = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "NOTED": str(tmp_path), "CNB_LAYERS_DIR": str(tmp_path / "layers"),
                 "CNB_PLATFORM_DIR": str(tmp_path / "platform"), "SSL_CERT_FILE": str(worker.certificate), **environment}
        done = subprocess.run(["/usr/bin/python3", project / "tests/buildpacks/java-maven/bin/build"], cwd=tmp_path / "app",
                              env=given, capture_output=True, text=True)
        assert "holds 0 Spring Boot jars" in done.stderr, done.stderr
        return tmp_path

    run.worker = worker
    return run


def binding(directory, name: str, kind: str, **files: str) -> None:
    (directory / name).mkdir(parents=True)
    for file, content in {"type": kind, **files}.items():
        (directory / name / file).write_text(content)


def der(authority: Authority) -> bytes:
    return base64.b64decode(re.search("-----BEGIN CERTIFICATE-----(.*?)-----END", authority.certificate.read_text(), re.DOTALL)[1])


def test_without_bindings_maven_gets_the_workers_proxy_and_authorities(build):
    noted = build(https_proxy="http://ann:secret@proxy.example.com:3128")
    assert "<host>proxy.example.com</host>" in (noted / "settings.xml").read_text()
    assert der(build.worker) in (noted / "trust.jks").read_bytes()


def test_the_settings_of_a_binding_are_mavens_and_the_workers_proxy_stays(build, tmp_path):
    binding(tmp_path / "platform/bindings", "mirror", "maven\n", **{"settings.xml": "<settings>mine</settings>"})
    binding(tmp_path / "platform/bindings", "other", "npmrc", **{"settings.xml": "not for Maven"})
    noted = build(https_proxy="http://proxy.example.com:3128")
    assert (noted / "settings.xml").read_text() == "<settings>mine</settings>"
    assert "<host>proxy.example.com</host>" in (noted / "global.xml").read_text()


def test_the_authorities_of_a_binding_are_trusted_beside_the_workers(build, tmp_path):
    company = Authority(tmp_path / "company")
    binding(tmp_path / "bound", "ca", "ca-certificates", **{"company.pem": company.certificate.read_text()})
    noted = build(SERVICE_BINDING_ROOT=str(tmp_path / "bound"))
    trusted = (noted / "trust.jks").read_bytes()
    assert der(company) in trusted and der(build.worker) in trusted
