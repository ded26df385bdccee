"""pipelines/tasks/deploy.sh on a real kube-apiserver with Kubernetes' own controllers; pods are played."""

import pytest
import yaml

from support.deploy import REPOSITORY, Task, Workloads, image
from support.kube.controllers import Controllers
from support.kube.node import Crashes, NeverReady, Node, Unschedulable, Waits
from support.kube.proxy import Hold, Status

OLD, NEW, BAD, OTHER = (image(digit) for digit in "1234")
ALL = [("deployments", "web"), ("statefulsets", "db"), ("daemonsets", "agent"), ("cronjobs", "clean")]
PULL = Waits("ImagePullBackOff", 'Back-off pulling image "app"')


@pytest.fixture(scope="module")
def controllers(kube_server):
    with Controllers(kube_server):
        yield


@pytest.fixture
def node(kube_server, controllers, namespace):
    with Node(kube_server, [namespace]) as node:
        yield node


@pytest.fixture
def workloads(kube_server, node, namespace) -> Workloads:
    return Workloads(kube_server.admin, namespace)


@pytest.fixture
def task(kube_server, kubectl, namespace, tmp_path) -> Task:
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=namespace)
    return Task(tmp_path / "task", kubectl, config)


@pytest.fixture(params=["busybox", pytest.param("dash", marks=pytest.mark.release)])
def shell_task(request, kube_server, kubectl, namespace, tmp_path) -> Task:
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=namespace)
    return Task(tmp_path / "task", kubectl, config, request.param)


def make_all(workloads, digest: str = OLD) -> None:
    workloads.make("deployments", "web", digest, init=digest, replicas=2)
    workloads.make("statefulsets", "db", digest, replicas=2)
    workloads.make("daemonsets", "agent", digest)
    workloads.make("cronjobs", "clean", digest)


def test_every_kind_that_runs_the_repository_gets_the_digest_and_a_second_time_nothing_happens(shell_task, workloads, kube_server):
    make_all(workloads)
    other = {"app2": f"{REPOSITORY}2:1", "below": f"{REPOSITORY}/tool:1", "hostile": 'a"b\n\tcontainers:0:main:"$(touch x)`'}
    for name, what in other.items():
        workloads.make("deployments", name, what, replicas=0, wait=False)
    kube_server.admin.create("horizontalpodautoscalers", {"metadata": {"name": "web"}, "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 5}},
        workloads.namespace)
    done = shell_task.run(NEW)
    assert done.status == 0, done.log
    for kind, name in ALL:
        assert workloads.images(kind, name) == {"main": NEW, "side": "busybox:1", **({"init": NEW} if name == "web" else {})}
    assert {name: workloads.main("deployments", name) for name in other} == other
    assert workloads.get("deployments", "web")["spec"]["replicas"] == 2
    assert "daemonset/agent" in done.last and done.last.endswith(f"cronjob/clean in {workloads.namespace}")

    generations = [workloads.get(kind, name)["metadata"]["generation"] for kind, name in ALL]
    again = shell_task.run(NEW)
    assert again.status == 0 and again.last.startswith(f"nothing to do: {NEW} was already in 4 workloads: ")
    assert [workloads.get(kind, name)["metadata"]["generation"] for kind, name in ALL] == generations


def test_an_image_that_cannot_be_pulled_is_told_and_what_ran_before_is_put_back_and_looked_at(task, workloads, node):
    workloads.make("deployments", "web", OLD, replicas=2, progressDeadlineSeconds=1)
    node.plays[BAD] = PULL
    done = task.run(BAD, TIMEOUT="2m")
    assert done.status == 1
    assert 'container main waits: ImagePullBackOff: Back-off pulling image "app"' in done.log
    assert done.last.startswith(f"error: deployment/web in {workloads.namespace} does not run {BAD}: web-")
    assert done.last.endswith(": container main: ImagePullBackOff; what ran before runs again")
    assert workloads.main("deployments", "web") == OLD
    assert [pod["spec"]["containers"][0]["image"] for pod in workloads.pods("web")] == [OLD, OLD]
    # The condition of the rollout that failed may still stand there: it says nothing of the next one.
    assert task.run(NEW, TIMEOUT="2m").status == 0


def test_a_crash_is_told_by_its_last_lines_without_what_would_steer_a_terminal(task, workloads, node):
    workloads.make("deployments", "web", OLD, progressDeadlineSeconds=1)
    lines = tuple(f"line {number}" for number in range(30)) + ("\x1b[2Jcannot open the port", )
    node.plays[BAD] = Crashes(lines, exit_code=3)
    done = task.run(BAD, LOG_LINES="5")
    assert done.status == 1 and "\x1b" not in done.log
    assert "CrashLoopBackOff" in done.log and "(restarted 3 times)" in done.log
    assert "  | [2Jcannot open the port\n" in done.log and "  | line 26\n" in done.log and "line 25" not in done.log


def test_a_statefulset_goes_back_though_its_stuck_pod_would_stand_in_the_way(task, workloads, node):
    workloads.make("statefulsets", "db", OLD)
    node.plays[BAD] = PULL
    done = task.run(BAD, TIMEOUT="3", ROLLBACK_TIMEOUT="3m")
    assert done.status == 1 and done.last.endswith("; what ran before runs again"), done.log
    assert "deleting db-0, which stands in the way" in done.log
    assert [pod["spec"]["containers"][0]["image"] for pod in workloads.pods("db")] == [OLD]


@pytest.mark.release
def test_a_failure_of_some_takes_all_back_and_a_stuck_pod_of_a_statefulset_does_not_stand_in_the_way(task, workloads, node):
    make_all(workloads)
    node.plays[BAD] = PULL
    done = task.run(BAD, TIMEOUT="6", ROLLBACK_TIMEOUT="3m")
    assert done.status == 1
    assert done.last.startswith(f"error: 3 of 4 workloads do not run {BAD} (first deployment/web in ")
    assert done.last.endswith("; what ran before runs again")
    assert "deleting db-1, which stands in the way" in done.log
    for kind, name in ALL:
        assert workloads.main(kind, name) == OLD
    for name, count in (("web", 2), ("db", 2), ("agent", 1)):
        assert [pod["spec"]["containers"][0]["image"] for pod in workloads.pods(name)] == [OLD] * count


def test_where_a_workload_never_ran_back_is_the_image_that_was_there_and_that_is_said(task, workloads, node):
    placeholder = "registry.example.com/placeholder:0"
    node.plays[placeholder] = node.plays[BAD] = PULL
    workloads.make("deployments", "web", placeholder, wait=False, progressDeadlineSeconds=1)
    missing = task.run(BAD, WORKLOADS="deployment/web")
    assert missing.status == 1 and f"runs no image of {REPOSITORY}: name its container in CONTAINERS" in missing.last
    done = task.run(BAD, WORKLOADS="deployment/web", CONTAINERS="main")
    assert done.status == 1 and workloads.main("deployments", "web") == placeholder
    assert done.last.endswith(f"the former image is back in deployment/web in {workloads.namespace}, "
                              "which was not ready before this task either")

    # Where the workload was made with the digest itself there is nothing to go back to.
    workloads.make("deployments", "new", BAD, wait=False, progressDeadlineSeconds=1)
    done = task.run(BAD, WORKLOADS="deployment/new", TIMEOUT="3")
    assert done.status == 1 and "container main has it already" in done.log and "ImagePullBackOff" in done.last
    assert done.last.endswith("; nothing was set, so there is nothing to take back (it was made with this image and has no earlier revision)")


def test_what_cannot_roll_out_now_is_set_and_named(task, workloads):
    workloads.make("deployments", "paused", OLD, paused=True, wait=False)
    workloads.make("deployments", "zero", OLD, replicas=0)
    workloads.make("statefulsets", "manual", OLD, updateStrategy={"type": "OnDelete"})
    workloads.make("daemonsets", "agent", OLD, updateStrategy={"type": "OnDelete"})
    workloads.make("cronjobs", "clean", OLD, suspend=True)
    workloads.make("statefulsets", "canary", OLD, replicas=2,
                   updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}})
    done = task.run(NEW)
    assert done.status == 0, done.log
    where = workloads.namespace
    assert f"deployment/paused in {where}: set; it is paused: it rolls out when somebody resumes it" in done.log
    assert f"deployment/zero in {where}: set; it is scaled to 0: its first pod takes it" in done.log
    assert f"statefulset/manual in {where}: set; its strategy is OnDelete: a pod takes it when somebody deletes the pod (0 of 1 have)" in done.log
    assert f"daemonset/agent in {where}: set; its strategy is OnDelete" in done.log
    assert f"cronjob/clean in {where}: set; it is suspended: the first run after that takes it" in done.log
    assert f"statefulset/canary in {where}: 2 of 2 pods ready; partition 1 keeps the first 1 as they were" in done.log
    assert done.last.startswith(f"{NEW} runs in statefulset/canary in {where}; it is set, and runs later, in 5 workloads: ")


def test_what_somebody_else_set_in_between_is_left_alone(task, workloads, node):
    workloads.make("deployments", "web", OLD)
    node.plays[BAD] = PULL
    running = task.start(BAD, TIMEOUT="2m")
    workloads.client.wait("deployments", "web", lambda it: main_of(it) == BAD, workloads.namespace)
    workloads.set_main("deployments", "web", OTHER)
    log, _ = running.communicate(timeout=120)
    assert running.returncode == 1 and workloads.main("deployments", "web") == OTHER
    assert f'somebody else has set "{OTHER}" on its container main; it is left as it is' in log.splitlines()[-1]


def test_a_workload_that_is_deleted_meanwhile_is_an_error_that_says_so(task, workloads, node):
    workloads.make("deployments", "web", OLD)
    node.plays[BAD] = PULL
    running = task.start(BAD, TIMEOUT="2m")
    workloads.client.wait("deployments", "web", lambda it: main_of(it) == BAD, workloads.namespace)
    workloads.client.delete("deployments", "web", workloads.namespace)
    log, _ = running.communicate(timeout=120)
    assert running.returncode == 1 and log.splitlines()[-1].endswith(": it was deleted; nothing is left to take back")


def main_of(deployment: dict) -> str:
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def test_where_somebody_was_faster_their_image_is_what_would_be_put_back(task, workloads, node, kube_server, kube_proxy):
    workloads.make("deployments", "web", OLD, progressDeadlineSeconds=1)
    node.plays[BAD] = PULL
    kube_proxy.faults.append(Hold("/deployments/web", method="PATCH"))
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=workloads.namespace, address=kube_proxy.address,
                                    ca=kube_proxy.ca)
    running = task.start(BAD, KUBECONFIG_YAML=config)
    assert kube_proxy.faults[0].struck.wait(60)
    workloads.set_main("deployments", "web", OTHER)
    kube_proxy.faults[0].release()
    log, _ = running.communicate(timeout=120)
    assert "was changed by somebody else in between; attempt 2" in log
    assert running.returncode == 1 and workloads.main("deployments", "web") == OTHER
    assert f"goes back to {OTHER}" in log


@pytest.mark.release
def test_the_role_of_the_docs_is_enough_and_what_it_lacks_is_named(task, workloads, node, kube_server, project):
    where = workloads.namespace
    resources = {"ServiceAccount": "serviceaccounts", "Role": "roles", "RoleBinding": "rolebindings"}
    text = (project / "docs/deploying-rbac.yaml").read_text().replace("namespace: shop\n", f"namespace: {where}\n")
    for document in yaml.safe_load_all(text):
        kube_server.admin.create(resources[document["kind"]], document, where)
    signs_in = {"SERVER": kube_server.url, "TOKEN": kube_server.token(where, "deployer"), "CA_FILE": str(kube_server.ca)}
    workloads.make("statefulsets", "db", OLD)
    workloads.make("daemonsets", "agent", OLD)
    workloads.make("cronjobs", "clean", OLD)
    workloads.make("deployments", "web", OLD)
    assert task.run(NEW, NAMESPACES=where, **signs_in).status == 0
    node.plays[BAD] = Crashes(("no such file",))
    done = task.run(BAD, NAMESPACES=where, WORKLOADS="sts/db", TIMEOUT="3", ROLLBACK_TIMEOUT="3m", **signs_in)
    assert done.status == 1 and done.last.endswith("; what ran before runs again") and "orbidden" not in done.log, done.log
    assert "  | no such file" in done.log
    everywhere = task.run(NEW, NAMESPACES="*", **signs_in)
    assert everywhere.status == 1 and 'cannot list resource "' in everywhere.last and everywhere.last.endswith("; nothing was changed")


def test_rights_that_do_not_suffice_to_wait_are_told_before_anything_is_set(task, workloads, kube_server):
    rules = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list", "patch"]}]
    token = kube_server.service_account(workloads.namespace, "narrow", rules)
    workloads.make("deployments", "web", OLD)
    done = task.run(NEW, KINDS="deployments", KUBECONFIG_YAML=kube_server.kubeconfig(token=token, namespace=workloads.namespace))
    assert done.status == 1 and 'cannot get resource "deployments"' in done.last and done.last.endswith("; nothing was changed")
    assert workloads.main("deployments", "web") == OLD


def test_what_may_not_be_set_takes_back_what_was_set_before_it_at_once(task, workloads, node, kube_server):
    rules = [{"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": ["get", "list"]},
             {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}]
    token = kube_server.service_account(workloads.namespace, "narrow", rules)
    workloads.make("deployments", "web", OLD)
    workloads.make("statefulsets", "db", OLD)
    node.plays[NEW] = PULL
    done = task.run(NEW, KINDS="deployments statefulsets", TIMEOUT="1h",
                    KUBECONFIG_YAML=kube_server.kubeconfig(token=token, namespace=workloads.namespace))
    assert done.status == 1 and workloads.main("deployments", "web") == workloads.main("statefulsets", "db") == OLD
    assert f"statefulset/db in {workloads.namespace} does not run {NEW}: it could not be set: " in done.last
    assert done.last.endswith("; what ran before runs again"), done.log


def test_a_namespace_that_takes_no_more_pods_is_told_by_its_events(task, workloads, kube_server):
    workloads.make("deployments", "web", OLD, progressDeadlineSeconds=1)
    kube_server.quota(workloads.namespace, pods="1", used={"pods": "1"})
    done = task.run(NEW)
    assert done.status == 1 and "FailedCreate: " in done.log and "exceeded quota" in done.log
    assert workloads.main("deployments", "web") == OLD


@pytest.mark.release
@pytest.mark.parametrize("rollback", ["failed", "none"])
def test_what_goes_back_can_be_chosen(task, workloads, node, rollback):
    workloads.make("deployments", "web", OLD, progressDeadlineSeconds=1)
    workloads.make("deployments", "good", OLD)
    node.plays[BAD] = NeverReady(("listening on the wrong port",))
    # The one has a container that never becomes ready with it; the other runs it beside a main that is another's.
    workloads.client.patch("deployments", "good", {"spec": {"replicas": 0}}, workloads.namespace)
    done = task.run(BAD, ROLLBACK=rollback)
    assert done.status == 1 and "runs and is not ready" in done.last and "  | listening on the wrong port" in done.log
    assert workloads.main("deployments", "good") == BAD
    assert workloads.main("deployments", "web") == (OLD if rollback == "failed" else BAD)
    if rollback == "none":
        assert done.last.endswith("; nothing is taken back, as ROLLBACK is none")


@pytest.mark.release
def test_a_pod_that_no_node_takes_says_so(task, workloads, node):
    workloads.make("deployments", "web", OLD, progressDeadlineSeconds=1)
    node.plays[BAD] = Unschedulable("0/1 nodes are available: 1 Insufficient memory.")
    done = task.run(BAD)
    assert done.status == 1 and "0/1 nodes are available: 1 Insufficient memory." in done.last


def test_an_image_that_was_set_though_the_answer_was_lost_goes_back_too(task, workloads, node, kube_server, kube_proxy):
    workloads.make("deployments", "web", OLD, progressDeadlineSeconds=1)
    node.plays[BAD] = PULL
    kube_proxy.faults.append(Status("/deployments/web", method="PATCH", status=500, after=True))
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=workloads.namespace, address=kube_proxy.address,
                                    ca=kube_proxy.ca)
    done = task.run(BAD, KUBECONFIG_YAML=config)
    assert "somebody else" not in done.log
    assert done.status == 1 and done.last.endswith("; what ran before runs again") and workloads.main("deployments", "web") == OLD


def test_a_workload_that_two_words_name_is_one(task, workloads):
    workloads.make("cronjobs", "clean", OLD)
    where = workloads.namespace
    done = task.run(NEW, NAMESPACES=f"{where} {where}", WORKLOADS="cronjob/clean cj/clean")
    assert done.status == 0 and done.last == f"{NEW} is set, and runs later, in cronjob/clean in {where}", done.log


def test_a_task_that_is_ended_while_the_api_is_asked_does_not_say_that_nothing_was_changed(task, workloads, kube_server, kube_proxy):
    workloads.make("cronjobs", "clean", OLD)
    kube_proxy.faults.append(Hold("/cronjobs/clean", method="PATCH"))
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=workloads.namespace, address=kube_proxy.address,
                                    ca=kube_proxy.ca)
    running = task.start(NEW, KUBECONFIG_YAML=config)
    assert kube_proxy.faults[0].struck.wait(60)
    running.terminate()
    kube_proxy.faults[0].release()
    log, _ = running.communicate(timeout=60)
    assert running.returncode == 143 and workloads.main("cronjobs", "clean") == NEW
    assert log.splitlines()[-1] == "error: ended by SIGTERM: what was set until then stays as it is, and nothing was taken back"


def test_a_task_that_is_ended_says_that_nothing_was_taken_back(task, workloads, node):
    workloads.make("deployments", "web", OLD)
    node.plays[BAD] = PULL
    running = task.start(BAD)
    workloads.client.wait("deployments", "web", lambda it: main_of(it) == BAD, workloads.namespace)
    assert "pods updated" in "".join(iter_until(running.stdout, "pods updated"))
    running.terminate()
    log, _ = running.communicate(timeout=60)
    assert running.returncode == 143 and workloads.main("deployments", "web") == BAD
    assert log.splitlines()[-1] == "error: ended by SIGTERM: what was set until then stays as it is, and nothing was taken back"


def test_a_task_that_is_ended_on_the_way_back_says_where_to_look(task, workloads, node):
    workloads.make("deployments", "web", OLD, progressDeadlineSeconds=1)
    node.plays[BAD] = node.plays[OLD] = PULL
    running = task.start(BAD)
    list(iter_until(running.stdout, "goes back to"))
    running.terminate()
    log, _ = running.communicate(timeout=60)
    assert running.returncode == 143 and workloads.main("deployments", "web") == OLD
    assert log.splitlines()[-1] == ("error: ended by SIGTERM while what ran before was being put back: "
                                    f"look at deployment/web in {workloads.namespace} in the cluster")


def iter_until(stream, words: str):
    for line in stream:
        yield line
        if words in line:
            return


@pytest.mark.release
def test_many_workloads_are_asked_for_as_lists(task, workloads, kube_server, kube_proxy):
    for number in range(25):
        workloads.make("cronjobs", f"job-{number}", OLD)
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=workloads.namespace, address=kube_proxy.address,
                                    ca=kube_proxy.ca)
    done = task.run(NEW, KUBECONFIG_YAML=config)
    assert done.status == 0 and "in 25 workloads: " in done.last and done.last.endswith(" ...")
    assert {workloads.main("cronjobs", f"job-{number}") for number in range(25)} == {NEW}
    # kubectl patch looks at what it patches.
    assert kube_proxy.count("PATCH", "/cronjobs/") == kube_proxy.count("GET", "/cronjobs/") == 25


@pytest.mark.release
def test_an_api_that_is_lost_for_a_while_is_asked_again(task, workloads, node, kube_server, kube_proxy):
    workloads.make("deployments", "web", OLD)
    node.plays[NEW] = PULL
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=workloads.namespace, address=kube_proxy.address,
                                    ca=kube_proxy.ca)
    running = task.start(NEW, KUBECONFIG_YAML=config)
    list(iter_until(running.stdout, "pods updated"))
    kube_proxy.lose()
    list(iter_until(running.stdout, "could not be asked, which is tried again"))
    del node.plays[NEW]
    for pod in workloads.pods("web"):
        workloads.client.delete("pods", pod["metadata"]["name"], workloads.namespace)
    kube_proxy.restore()
    log, _ = running.communicate(timeout=120)
    assert running.returncode == 0 and log.splitlines()[-1] == f"{NEW} runs in deployment/web in {workloads.namespace}"


@pytest.mark.release
def test_an_api_that_stays_lost_is_an_error_of_its_own_status(task, workloads, node, kube_server, kube_proxy):
    workloads.make("deployments", "web", OLD)
    node.plays[BAD] = PULL
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=workloads.namespace, address=kube_proxy.address,
                                    ca=kube_proxy.ca)
    running = task.start(BAD, KUBECONFIG_YAML=config, TIMEOUT="15")
    list(iter_until(running.stdout, "pods updated"))
    kube_proxy.lose()
    log, _ = running.communicate(timeout=240)
    assert running.returncode == 3 and "WHAT RAN BEFORE COULD NOT BE RESTORED in deployment/web" in log.splitlines()[-1]


@pytest.mark.release
def test_of_two_tasks_at_once_one_wins_and_the_other_does_not_undo_it(kube_server, kubectl, workloads, tmp_path, namespace):
    workloads.make("deployments", "web", OLD, replicas=3)
    config = kube_server.kubeconfig(token=kube_server.admin_token, namespace=namespace)
    running = {digest: Task(tmp_path / digest[-3:], kubectl, config).start(digest) for digest in (NEW, OTHER)}
    ended = {digest: (process.communicate(timeout=120)[0], process.returncode) for digest, process in running.items()}
    last = workloads.main("deployments", "web")
    assert ended[last][1] == 0, ended
    loser, status = ended[OTHER if last == NEW else NEW]
    assert status == 0 or "somebody else has set" in loser.splitlines()[-1], loser
