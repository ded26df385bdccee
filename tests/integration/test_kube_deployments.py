"""The stand-in for the controller of Deployments, on the real apiserver."""

import subprocess

from support.kube.deployments import REVISION

FIRST, SECOND = (f"registry.example/app@sha256:{digit * 64}" for digit in "12")


def set_image(client, namespace: str, image: str) -> None:
    containers = [{"name": "web", "image": image}]
    client.patch("deployments", "web", {"spec": {"template": {"spec": {"containers": containers}}}}, namespace)


def progressing(deployment: dict) -> tuple[str, str]:
    entry = next(entry for entry in deployment["status"]["conditions"] if entry["type"] == "Progressing")
    return entry["status"], entry["reason"]


def test_a_rollout_is_observed_and_becomes_ready(kube_server, deployments, namespace):
    made = deployments.make(namespace, "web", FIRST, replicas=3)
    assert made["status"]["readyReplicas"] == 3 and progressing(made) == ("True", "NewReplicaSetAvailable")
    set_image(kube_server.admin, namespace, SECOND)
    changed = deployments.wait_ready(namespace, "web")
    assert changed["metadata"]["annotations"][REVISION] == "2"
    assert deployments.history(namespace, "web") == [FIRST, SECOND]


def test_a_broken_image_exceeds_the_deadline_and_the_way_back_is_a_new_revision(kube_server, deployments, namespace):
    deployments.make(namespace, "web", FIRST, deadline=1)
    deployments.broken[SECOND] = "ErrImagePull"
    set_image(kube_server.admin, namespace, SECOND)
    stuck = kube_server.admin.wait("deployments", "web", lambda it: progressing(it)[0] == "False", namespace)
    assert progressing(stuck)[1] == "ProgressDeadlineExceeded" and stuck["status"]["unavailableReplicas"] == 1
    (pod,) = kube_server.admin.list("pods", namespace, selector="app=web")
    assert pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ErrImagePull"
    set_image(kube_server.admin, namespace, FIRST)
    assert deployments.wait_ready(namespace, "web")["metadata"]["annotations"][REVISION] == "3"
    assert len(kube_server.admin.list("replicasets", namespace)) == 2


def test_a_real_kubectl_rolls_out_waits_and_goes_back(kube_server, deployments, namespace, kubectl, tmp_path):
    config = tmp_path / "kubeconfig"
    config.write_text(kube_server.kubeconfig(token=kube_server.admin_token, namespace=namespace))

    def run(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([kubectl, "--kubeconfig", config, *arguments], capture_output=True, text=True)

    deployments.make(namespace, "web", FIRST, deadline=1)
    deployments.broken[SECOND] = "ErrImagePull"
    assert run("set", "image", "deployment/web", f"web={SECOND}").returncode == 0
    failed = run("rollout", "status", "deployment/web", "--timeout=30s")
    assert (failed.returncode, failed.stderr) == (1, 'error: deployment "web" exceeded its progress deadline\n')
    assert run("rollout", "undo", "deployment/web").returncode == 0
    assert run("rollout", "status", "deployment/web", "--timeout=30s").returncode == 0
    assert deployments.history(namespace, "web") == [FIRST, SECOND, FIRST]
