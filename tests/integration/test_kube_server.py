"""The real kube-apiserver of the tests, the stand-ins for kubelet and kpack on it, and the Role of the docs."""

import concurrent.futures
import json
import re
import subprocess

import pytest

from support.kpack.plays import BuildPlay
from support.kpack.reasons import condition
from support.kube.client import ApiError, WatchExpired, eventually
from support.kube.kubeconfig import as_yaml, certificate_user, exec_user, kubeconfig, merged, token_file_user, token_user

URL = "https://git.example/app"
OLD, NEW = "a" * 40, "b" * 40


def log(client, namespace: str, pod: str, container: str, query: str = ""):
    return client.request("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}{query}")


@pytest.fixture
def app(kpack, namespace):
    """An Image at OLD, built once."""
    kpack.sources.repositories[URL] = {"main": OLD}
    kpack.builder()
    kpack.image(namespace, "app", git=(URL, "main"))
    kpack.wait_build(namespace, "app", 1)
    kpack.client.wait("images", "app", lambda it: condition(it, "Ready")["reason"] == "UpToDate", namespace)


def test_tokens_and_client_certificates_sign_in_as_whom_they_name(kube_server, namespace):
    token = kube_server.service_account(namespace, "ci")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    for client, user in ((kube_server.client(token=token), f"system:serviceaccount:{namespace}:ci"),
                         (kube_server.client(certificate=kube_server.certificate("ann", "developers")), "ann")):
        info = client.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)["status"]["userInfo"]
        assert info["username"] == user
        with pytest.raises(ApiError, match="cannot list resource") as refused:
            client.list("images", namespace)
        assert refused.value.status == 403
    assert kube_server.client(token="nobody").request("GET", "/api").status == 401


def test_a_watch_from_before_a_compaction_gets_410(kube_server, namespace):
    version = kube_server.admin.list_whole("images", namespace)["metadata"]["resourceVersion"]
    kube_server.admin.create("configmaps", {"metadata": {"name": "later"}}, namespace)
    kube_server.forget_history()
    with pytest.raises(WatchExpired):
        list(kube_server.admin.watch("images", namespace, version, seconds=5))


def test_the_role_of_the_docs_grants_what_it_lists_and_nothing_else(kube_server, kpack, namespace, narrow_token, app):
    client, pod = kube_server.client(token=narrow_token), "app-build-1-build-pod"
    granted = {"images": {"get", "list", "watch", "create", "patch"}, "builds": {"get", "list", "watch", "patch"},
               "pods": {"get", "list", "watch"}}
    names = {"images": "app", "builds": "app-build-1", "pods": pod}
    paused = {"metadata": {"annotations": {"touched": "yes"}}}

    def attempt(verb: str, resource: str, where: str):
        name = names[resource]
        match verb:
            case "get":
                client.get(resource, name, where)
            case "list":
                client.list(resource, where)
            case "watch":
                client.watch(resource, where).close() if "list" in granted[resource] else client.watch(resource, where, "1")
            case "create":
                spec = kube_server.admin.get("images", "app", namespace)
                client.create(resource, {**spec, "metadata": {"name": "other"}}, where)
            case "patch":
                client.patch(resource, name, paused, where)
            case "update":
                client.replace(resource, kube_server.admin.get(resource, name, namespace), where)
            case "delete":
                client.delete(resource, name, where)

    other = kube_server.namespace()
    for resource, verbs in granted.items():
        for verb in ("get", "list", "watch", "create", "patch", "update", "delete"):
            if verb in verbs:
                attempt(verb, resource, namespace)
            else:
                with pytest.raises(ApiError) as refused:
                    attempt(verb, resource, namespace)
                assert refused.value.status == 403, (verb, resource)
        with pytest.raises(ApiError) as refused:
            attempt("list", resource, other)
        assert refused.value.status == 403
    assert log(client, namespace, pod, "build").status == 200
    for resource in ("secrets", "events", "serviceaccounts"):
        with pytest.raises(ApiError) as refused:
            client.list(resource, namespace)
        assert refused.value.status == 403


def test_the_log_of_a_container_comes_through_the_apiserver_as_a_kubelet_gives_it(kube_server, kpack, namespace, app):
    play = kpack.next_build("app", BuildPlay(
        hold="build", write={"build": lambda log: (log.write("one\ntw"), log.write("o\n", at=log.pieces[0].time + 1),
                                                   log.write(b"\xff\x1b[31m\n"))}, lines={"build": []}))
    kpack.sources.repositories[URL] = {"main": NEW}
    kpack.poll()
    pod = "app-build-2-build-pod"

    def running(found: dict) -> bool:
        return "running" in found["status"]["initContainerStatuses"][4]["state"]

    kube_server.admin.wait("pods", pod, running, namespace)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        following = pool.submit(log, kube_server.admin, namespace, pod, "build", "&follow=true&timestamps=true")
        assert log(kube_server.admin, namespace, pod, "export").status == 400  # waiting to start
        eventually(lambda: b"\xff" in log(kube_server.admin, namespace, pod, "build").body)
        play.release()
        lines = following.result().body.split(b"\n")
    assert [line[31:] for line in lines] == [b"one", b"two", b"\xff\x1b[31m", b""]
    assert lines[0][:31].endswith(b"Z ") and len(lines[0].split()[0]) == 30
    since = lines[2][:19].decode() + ".999999999Z"  # the fraction is lost on the way: the whole second comes again
    assert log(kube_server.admin, namespace, pod, "build", f"&sinceTime={since}").body.endswith(b"\xff\x1b[31m\n")
    assert log(kube_server.admin, namespace, pod, "build", "&sinceTime=2999-01-01T00:00:00Z").body == b""


def test_a_pod_that_no_node_takes_has_an_empty_log(kube_server, kpack, namespace, app):
    play = kpack.next_build("app", BuildPlay(unscheduled="0/3 nodes are available: 3 Insufficient memory."))
    kpack.sources.repositories[URL] = {"main": NEW}
    kpack.poll()
    found = kube_server.admin.wait("pods", "app-build-2-build-pod", lambda it: it["status"]["conditions"], namespace)
    assert found["status"]["conditions"][0]["reason"] == "Unschedulable"
    answer = log(kube_server.admin, namespace, "app-build-2-build-pod", "prepare", "&follow=true")
    assert (answer.status, answer.body) == (204, b"")
    play.release()
    assert condition(kpack.wait_build(namespace, "app", 2), "Succeeded")["status"] == "True"


def test_a_generation_is_observed_while_an_older_build_still_runs(kube_server, kpack, namespace, app):
    play = kpack.next_build("app", BuildPlay(hold="detect"))
    kpack.sources.repositories[URL] = {"main": NEW}
    kpack.poll()
    assert play.began.wait(30)
    patched = kube_server.admin.patch("images", "app", {"spec": {"build": {"env": [{"name": "A", "value": "1"}]}}}, namespace)
    generation = patched["metadata"]["generation"]
    status = kube_server.admin.wait(
        "images", "app", lambda it: it["status"]["observedGeneration"] == generation, namespace)["status"]
    assert (status["latestBuildRef"], status["latestBuildImageGeneration"]) == ("app-build-2", generation - 1)
    assert condition({"status": status}, "Ready")["reason"] == "BuildRunning"
    play.release()
    third = kpack.wait_build(namespace, "app", 3)
    assert third["metadata"]["annotations"]["image.kpack.io/reason"] == "CONFIG"
    assert third["metadata"]["labels"]["image.kpack.io/imageGeneration"] == str(generation)


def test_a_new_run_image_is_a_rebase_and_a_changed_annotation_a_trigger(kube_server, kpack, namespace, app):
    run_image = {"spec": {"runImage": {"image": "registry.example/run:2"}}}
    kube_server.admin.patch("clusterstacks", namespace, run_image)
    second = kpack.wait_build(namespace, "app", 2)
    assert second["status"]["stepsCompleted"] == ["rebase", "completion"]
    (change,) = json.loads(second["metadata"]["annotations"]["image.kpack.io/buildChanges"])
    assert change["reason"] == "STACK" and change["new"] == second["status"]["stack"]["runImage"].partition("@")[2]
    needed = {"metadata": {"annotations": {"image.kpack.io/additionalBuildNeeded": "now"}}}
    kube_server.admin.patch("builds", "app-build-2", needed, namespace)
    assert kpack.wait_build(namespace, "app", 3)["metadata"]["annotations"]["image.kpack.io/reason"] == "TRIGGER"


def test_the_docs_file_is_applied_by_kubectl_as_it_stands_and_its_command_gives_the_token(
        kube_server, kubectl, project, tmp_path):
    role = project / "docs/kpack-rbac.yaml"
    if kube_server.admin.find("namespaces", "apps") is None:
        kube_server.namespace("apps")
    config = tmp_path / "kubeconfig"
    config.write_text(kube_server.kubeconfig(token=kube_server.admin_token))

    def run(*arguments: str) -> str:
        done = subprocess.run([kubectl, "--kubeconfig", config, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("delete", "-f", role, "--ignore-not-found")  # the page that shows it may have been run here
    assert run("apply", "-f", role).count(" created") == 3
    (command,) = re.findall("kubectl (create token .*)", role.read_text())
    assert kube_server.client(token=run(*command.split()).strip()).list("images", "apps") == []
    run("delete", "-f", role)


def test_kubectl_signs_in_by_every_form_of_kubeconfig(kube_server, namespace, kubectl, tmp_path):
    token = kube_server.service_account(namespace, "ci")
    (tmp_path / "token").write_text(token)
    ann = kube_server.certificate("ann", "developers")
    account = f"system:serviceaccount:{namespace}:ci"
    by_token, by_certificate = (
        kubeconfig(kube_server.address, kube_server.ca, user) for user in (token_user(token), certificate_user(*ann)))

    def who(config: str) -> str:
        (tmp_path / "config").write_text(config)
        command = [kubectl, "--kubeconfig", tmp_path / "config", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else done.stderr

    for config, expected in (
            (kube_server.kubeconfig(token=token), account),
            (kube_server.kubeconfig(certificate=ann), "ann"),
            (kube_server.kubeconfig(user=token_file_user(tmp_path / "token")), account),
            (as_yaml(merged("second", first=by_token, second=by_certificate)), "ann"),
            (kube_server.kubeconfig(token=token, tls_server_name="kubernetes.default.svc"), account),
            (kube_server.kubeconfig(token=token, tls_server_name="other.example"), "not other.example"),
            (kube_server.kubeconfig(token=token, ca=kube_server.client_authority.certificate), "unknown authority"),
            (kube_server.kubeconfig(user=exec_user("no-such-plugin")), "no-such-plugin")):
        assert expected in who(config)
