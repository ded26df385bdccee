"""deploy/ of a get: what it says, in the hands of the real kubectl."""

import subprocess

import pytest
import yaml

from support import push_image
from support.program import run_program
from support.registry_server import RegistryServer

FORMS = ["kustomize", "helm-values", "patch"]
KUBECONFIG = """
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://kubernetes.example.com"}}]
users: [{name: u, user: {token: t}}]
"""


@pytest.fixture
def fetched(programs, tmp_path):
    """The directory of a get with all three forms, of an image whose tag YAML would read as a number."""
    with RegistryServer(tmp_path / "registry") as registry:
        digest = push_image.Registry(registry.host).push("acme/app", "1.10", push_image.run_image("1"))
        request = {"source": {"repository": f"{registry.host}/acme/app", "tag": "1.10"}, "version": {"tag": "1.10", "digest": digest},
                   "params": {"skip_download": True, "deploy": FORMS}}
        directory = tmp_path / "image"
        directory.mkdir()
        result = run_program(programs, "in", request, directory)
        assert result.status == 0, result.stderr
        yield directory, f"{registry.host}/acme/app", digest


def manifest(image: str) -> str:
    return (f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    spec:\n      containers:\n"
            f"      - {{name: main, image: '{image}'}}\n      - {{name: side, image: '{image.rsplit(':', 1)[0]}2:1'}}\n")


def test_a_kustomization_that_names_the_component_gets_the_digest(fetched, kubectl, tmp_path):
    directory, repository, digest = fetched
    overlay = tmp_path / "config/overlays/production"
    overlay.mkdir(parents=True)
    (overlay / "web.yaml").write_text(manifest(f"{repository}:latest"))
    (overlay / "kustomization.yaml").write_text("resources: [web.yaml]\ncomponents: [../../../image/deploy]\n")
    built = subprocess.run([kubectl, "kustomize", overlay], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    containers = yaml.safe_load(built.stdout)["spec"]["template"]["spec"]["containers"]
    assert [container["image"] for container in containers] == [f"{repository}@{digest}", f"{repository}2:1"]


def test_helm_values_are_texts_and_the_patch_is_one_that_kubectl_takes(fetched, kubectl, tmp_path):
    directory, repository, digest = fetched
    values = yaml.safe_load((directory / "deploy/helm-values.yaml").read_text())
    assert values == {"image": {"registry": "", "repository": repository, "tag": "1.10", "digest": digest}}
    (tmp_path / "web.yaml").write_text(manifest("registry.example.com/other:1"))
    patched = subprocess.run([kubectl, "patch", "--local", "-f", tmp_path / "web.yaml", "--type=json", "-o", "yaml",
                              f"--patch-file={directory}/deploy/patch.yaml"], capture_output=True, text=True)
    assert patched.returncode == 0, patched.stderr
    first, second = yaml.safe_load(patched.stdout)["spec"]["template"]["spec"]["containers"]
    assert first == {"name": "main", "image": f"{repository}@{digest}"} and second["image"] == "registry.example.com/other2:1"


@pytest.mark.parametrize("source,version", [
    ({"repository": "registry.example.com/app", "tag": "main"}, {"tag": "main", "digest": "sha256:" + "1" * 64}),
    ({"image": "app", "namespace": "apps", "kubeconfig": KUBECONFIG}, {"image": "registry.example.com/app@sha256:" + "1" * 64})], ids=["image", "kpack"])
def test_an_unknown_form_is_refused_with_the_three_that_there_are(programs, source, version, tmp_path):
    request = {"source": source, "version": version, "params": {"deploy": ["kustomise"]}}
    result = run_program(programs, "in", request, "--explain", tmp_path)
    assert result.status != 0 and "params.deploy[0]" in result.stderr
    assert all(form in result.stderr for form in FORMS)
