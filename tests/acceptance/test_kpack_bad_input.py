"""What is wrong gets one line with its field or object, cause and remedy, an exit status that is not 0, and leaves nothing."""

import json

import pytest
import yaml

from support.kube.proxy import Status
from support.program import run_program

DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def source(kube_server, namespace, narrow_token) -> dict:
    return {"image": "app", "namespace": namespace, "kubeconfig": kube_server.kubeconfig(token=narrow_token)}


def check(programs, source: dict) -> str:
    result = run_program(programs, "check", {"source": source}, timeout=120)
    assert result.status == 1 and result.stdout == ""
    return result.error


def put(programs, source: dict, tmp_path, **params) -> str:
    result = run_program(programs, "out", {"source": source, "params": params}, tmp_path, timeout=120)
    assert result.status == 1 and result.stdout == ""
    return result.error


def test_a_cluster_that_is_not_there(programs, source, kube_server, narrow_token):
    kubeconfig = kube_server.kubeconfig(token=narrow_token, address="127.0.0.1:1")
    assert check(programs, {**source, "kubeconfig": kubeconfig}).startswith("cannot read https://127.0.0.1:1/apis/kpack.io/")


def test_wrong_and_expired_tokens(programs, source, kube_server):
    error = check(programs, {**source, "kubeconfig": kube_server.kubeconfig(token="wrong")})
    assert error.endswith("the cluster does not accept the credentials of source.kubeconfig; check its token or certificate; a "
                          "token: kubectl create token build-service --duration 8760h")
    expired = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE1MDAwMDAwMDB9.c2ln"  # {"exp":1500000000}
    error = check(programs, {**source, "kubeconfig": kube_server.kubeconfig(token=expired)})
    assert "the token of source.kubeconfig has expired at 2017-07-14T02:40:00Z; make a new one" in error


def test_a_wrong_authority(programs, source, kube_server, kube_proxy, narrow_token):
    error = check(programs, {**source, "kubeconfig": kube_server.kubeconfig(token=narrow_token, ca=kube_proxy.ca)})
    assert error.endswith("check certificate-authority-data of source.kubeconfig: it must hold the authority of the cluster's "
                          "certificate")


def test_a_missing_right_is_named(programs, source, kube_server, namespace, tmp_path):
    token = kube_server.service_account(namespace, "reader", rules=[
        {"apiGroups": ["kpack.io"], "resources": ["builds"], "verbs": ["list"]}])
    mine = {**source, "kubeconfig": kube_server.kubeconfig(token=token)}
    assert run_program(programs, "check", {"source": mine}).answer == []
    user = f"system:serviceaccount:{namespace}:reader"
    assert put(programs, mine, tmp_path, trigger=True) == (
        f"cannot get images (kpack.io) app in namespace {namespace}: {user} has no right to get images of kpack.io; grant it "
        f'by a Role in namespace {namespace}: {{apiGroups: ["kpack.io"], resources: [images], verbs: [get]}}')


def test_a_cluster_without_kpack_and_one_of_an_old_version(programs, source, kube_server, kube_proxy, narrow_token):
    mine = {**source, "kubeconfig": kube_server.kubeconfig(token=narrow_token, address=kube_proxy.address, ca=kube_proxy.ca)}
    missing = {"body": b"404 page not found\n", "content_type": "text/plain", "status": 404}
    kube_proxy.faults += [Status("/builds", **missing), Status("/apis/kpack.io", **missing)]
    assert check(programs, mine).endswith(
        "the cluster does not know kpack.io; install what serves kpack.io, or check which cluster source.kubeconfig names")
    group = {"kind": "APIGroup", "versions": [{"version": "v1alpha1"}]}
    kube_proxy.faults += [Status("/builds", **missing), Status("/apis/kpack.io", status=200, body=json.dumps(group).encode())]
    assert "the cluster does not serve builds in version v1alpha2; it has kpack.io: v1alpha1" in check(programs, mine)


@pytest.mark.parametrize("status", [200, 302, 403])
def test_a_server_that_is_not_kubernetes(programs, source, kube_server, kube_proxy, narrow_token, status):
    mine = {**source, "kubeconfig": kube_server.kubeconfig(token=narrow_token, address=kube_proxy.address, ca=kube_proxy.ca)}
    kube_proxy.faults.append(Status("/builds", status=status, body=b"<html>Sign in", content_type="text/html"))
    error = check(programs, mine)
    assert "it is not a Kubernetes API" in error and error.endswith("check the server of source.kubeconfig")


def test_an_object_that_no_cluster_stores(programs, source, kube_server, kube_proxy, narrow_token, tmp_path):
    mine = {**source, "kubeconfig": kube_server.kubeconfig(token=narrow_token, address=kube_proxy.address, ca=kube_proxy.ca)}
    kube_proxy.faults.append(Status("/images/app", status=200, body=b'{"x":"' + b"x" * 2_000_000 + b'"}'))
    error = put(programs, mine, tmp_path, trigger=True)
    assert error.endswith("the answer is larger than 1.6 MB")


@pytest.mark.parametrize(("change", "cause"), [
    ({"kubeconfig": "{"}, "cannot read source.kubeconfig"),
    ({"kubeconfig": "kind: Pod"}, 'it is a "Pod", not a kubeconfig'),
    ({"context": "nowhere"}, 'cannot read source.context: "nowhere" is not one of the kubeconfig\'s contexts; there are tests'),
    ({"image": "Not_A_Label"}, 'cannot read source.image: "Not_A_Label" is not a DNS label'),
    ({"namespace": "a.b"}, 'cannot read source.namespace: "a.b" is not a DNS label'),
    ({"cluster": {"server": "https://x", "token": "t"}}, "it names several clusters"),
    ({"kubeconfig": None}, "it names no cluster"),
    ({"kubekonfig": "x"}, "did you mean source.kubeconfig?"),
])
def test_a_source_that_cannot_be(programs, source, change, cause):
    assert cause in check(programs, {**source, **change})


def test_a_kubeconfig_with_a_program_or_a_file(programs, source):
    config = yaml.safe_load(source["kubeconfig"])
    config["users"][0]["user"] = {"exec": {"command": "aws"}}
    error = check(programs, {**source, "kubeconfig": config})
    assert 'source.kubeconfig.users[0].user.exec: it would run the program "aws", which is not here' in error
    assert "kubectl create token build-service" in error


def test_an_image_that_is_not_there(programs, source, namespace, tmp_path):
    assert put(programs, source, tmp_path, trigger=True) == (
        f"cannot build the Image app in namespace {namespace}: there is no such Image; check source.image and "
        "source.namespace, or give params.create")


@pytest.mark.parametrize(("params", "cause"), [
    ({"commitish": "app/ref", "blob_url": "https://b"}, "cannot read params: commitish and blob_url name two sources"),
    ({"commitish": "app/ref"}, "cannot read params.commitish"),
    ({"commitish": "app/empty"}, "cannot read params.commitish: the file app/empty is empty"),
    ({"commitish": "app/two"}, "cannot read params.commitish: the file app/two has several lines"),
    ({"builder": {"name": "A"}}, "cannot read params.builder.name"),
    ({"timeout": "soon"}, "cannot read params.timeout"),
    ({"env": {"A=B": "1"}}, "cannot read params.env.A=B"),
])
def test_params_that_cannot_be(programs, source, tmp_path, params, cause):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/empty").write_text("\n")
    (tmp_path / "app/two").write_text("a\nb\n")
    assert put(programs, source, tmp_path, **params).startswith(cause)


def test_a_version_that_is_not_one_leaves_nothing(programs, source, tmp_path):
    result = run_program(programs, "in", {"source": source, "version": {"image": "app:main"}}, tmp_path / "to")
    assert result.status == 1 and "version.image" in result.error
    assert not (tmp_path / "to").exists() or list((tmp_path / "to").iterdir()) == []
