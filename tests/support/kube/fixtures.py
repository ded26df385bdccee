"""Fixtures for tests against a real Kubernetes API and the stand-in for kpack; docs/testing-kubernetes.md tells of them."""

import pathlib

import pytest
import yaml

from support.kpack.controller import Kpack
from support.kube.deployments import Deployments
from support.kube.proxy import KubeProxy
from support.kube.server import PROJECT, KubeServer, programs

ROLE = PROJECT / "docs/kpack-rbac.yaml"


@pytest.fixture(scope="session")
def kube_server(tmp_path_factory):
    """etcd and kube-apiserver with kpack's CRDs, once for each process of the tests."""
    with KubeServer(tmp_path_factory.mktemp("kube") / "server") as server:
        yield server


@pytest.fixture
def namespace(kube_server) -> str:
    """A new namespace with its default service account: what keeps one test from another."""
    return kube_server.namespace()


@pytest.fixture
def kpack(kube_server, namespace):
    """The stand-in for kpack's controller and the kubelet, in the test's namespace."""
    with Kpack(kube_server, [namespace]) as running:
        yield running


@pytest.fixture
def kube_proxy(kube_server, tmp_path):
    """Stands before the apiserver and breaks what the test tells it to."""
    with KubeProxy(kube_server, tmp_path / "kube-proxy") as running:
        yield running


@pytest.fixture
def deployments(kube_server, namespace):
    """The stand-in for the controller of Deployments, in the test's namespace."""
    with Deployments(kube_server, [namespace]) as running:
        yield running


@pytest.fixture(scope="session")
def kubectl() -> pathlib.Path:
    return programs() / "kubectl"


def apply_role(server: KubeServer, namespace: str) -> str:
    """Makes what docs/kpack-rbac.yaml has, in this namespace instead of "apps", and returns the service account's token."""
    resources = {"ServiceAccount": "serviceaccounts", "Role": "roles", "RoleBinding": "rolebindings"}
    for document in yaml.safe_load_all(ROLE.read_text().replace("namespace: apps\n", f"namespace: {namespace}\n")):
        server.admin.create(resources[document["kind"]], document, namespace)
    return server.token(namespace, "build-service")


@pytest.fixture
def narrow_token(kube_server, namespace) -> str:
    """The token of a service account that may do exactly what the docs' Role grants, in the test's namespace alone."""
    return apply_role(kube_server, namespace)
