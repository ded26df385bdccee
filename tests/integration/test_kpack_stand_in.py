"""The stand-in for kpack on the real apiserver goes through what clients of kpack have to bear."""

import itertools

import pytest

from support.kpack import publishing
from support.kpack.controller import Kpack
from support.kpack.plays import BuildPlay
from support.kpack.reasons import condition, succeeded
from support.kpack.seeding import seed
from support.kpack.sources import UNREACHABLE
from support.kpack.webhooks import Webhooks
from support.kube.client import ApiError, eventually
from support.push_image import OCI, Registry
from support.registry_server import RegistryServer

URL = "https://git.example/app"
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def admin(kube_server):
    return kube_server.admin


@pytest.fixture
def repository(kpack) -> str:
    kpack.sources.repositories[URL] = {"main": OLD}
    return URL


def ready_reason(admin, namespace: str, wanted: str) -> dict:
    return admin.wait("images", "app", lambda it: condition(it, "Ready")["reason"] == wanted, namespace)


def test_an_image_whose_builder_is_missing_is_built_when_the_builder_comes(admin, kpack, namespace, repository):
    kpack.image(namespace, "app", git=(URL, "main"))
    ready_reason(admin, namespace, "BuilderNotFound")
    kpack.builder(buildpacks={"acme/java": "1.0.0"})
    assert succeeded(kpack.wait_build(namespace, "app", 1)) == "True"
    ready_reason(admin, namespace, "UpToDate")


def test_a_builder_of_a_namespace_serves_it_and_one_with_the_same_contents_makes_no_build(admin, kpack, namespace, repository):
    kpack.builder()
    kpack.builder("own", stack=namespace, namespace=namespace)
    kpack.image(namespace, "app", git=(URL, "main"))
    kpack.wait_build(namespace, "app", 1)
    patched = admin.patch("images", "app", {"spec": {"builder": {"kind": "Builder", "name": "own"}}}, namespace)
    generation = patched["metadata"]["generation"]
    found = admin.wait("images", "app", lambda it: it["status"]["observedGeneration"] == generation
                       and condition(it, "Ready")["status"] == "True", namespace)
    assert found["status"]["latestBuildRef"] == "app-build-1"
    assert len(admin.list("builds", namespace)) == 1


def test_an_unreachable_repository_is_ready_and_gets_a_build_of_the_branchs_name(admin, kpack, namespace):
    kpack.sources.repositories[URL] = UNREACHABLE
    kpack.builder()
    kpack.next_build("app", BuildPlay(fails="prepare", exit_code=1))
    kpack.image(namespace, "app", git=(URL, "main"))
    build = kpack.wait_build(namespace, "app", 1)
    resolver = admin.get("sourceresolvers", "app-source", namespace)
    assert resolver["status"]["source"]["git"]["type"] == "Unknown" and condition(resolver, "Ready")["status"] == "True"
    assert build["spec"]["source"]["git"]["revision"] == "main" and succeeded(build) == "False"
    ready_reason(admin, namespace, "BuildFailed")


def test_an_env_that_no_pod_can_be_made_of_fails_the_build_without_a_pod_until_it_is_corrected(
        admin, kpack, namespace, repository):
    kpack.builder()
    wrong = [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    kpack.image(namespace, "app", git=(URL, "main"), build={"env": wrong})
    first = kpack.wait_build(namespace, "app", 1)
    assert "podName" not in first["status"] and "valueFrom" in condition(first, "Succeeded")["message"]
    admin.patch("images", "app", {"spec": {"build": {"env": [{"name": "A", "value": "1"}]}}}, namespace)
    assert succeeded(kpack.wait_build(namespace, "app", 2)) == "True"


def test_a_quota_keeps_the_pod_from_being_made_and_the_build_says_nothing(kube_server, admin, kpack, namespace, repository):
    kpack.builder()
    kube_server.quota(namespace, pods="0")
    kpack.image(namespace, "app", git=(URL, "main"))
    ready_reason(admin, namespace, "BuildRunning")
    assert not admin.list("pods", namespace) and "status" not in admin.get("builds", "app-build-1", namespace)
    admin.delete("resourcequotas", "quota", namespace)
    assert succeeded(kpack.wait_build(namespace, "app", 1)) == "True"


def test_an_image_that_cannot_be_pulled_is_a_reason_only(admin, kpack, namespace, repository):
    kpack.builder()
    play = kpack.next_build("app", BuildPlay(waiting=("prepare", "ImagePullBackOff", "Back-off pulling image")))
    kpack.image(namespace, "app", git=(URL, "main"))
    found = admin.wait("builds", "app-build-1", lambda it: condition(it, "Succeeded")["reason"] == "ImagePullBackOff", namespace)
    assert succeeded(found) == "Unknown"
    play.release()
    assert succeeded(kpack.wait_build(namespace, "app", 1)) == "True"


def test_commits_that_come_while_a_build_runs_are_built_by_the_next_and_those_between_never(admin, kpack, namespace, repository):
    kpack.builder()
    play = kpack.next_build("app", BuildPlay(hold="build"))
    kpack.image(namespace, "app", git=(URL, OLD))
    assert play.began.wait(30)
    for commit in ("c" * 40, NEW):
        admin.patch("images", "app", {"spec": {"source": {"git": {"revision": commit}}}}, namespace)
    play.release()
    second = kpack.wait_build(namespace, "app", 2)
    assert second["spec"]["source"]["git"]["revision"] == NEW
    ready_reason(admin, namespace, "UpToDate")
    assert len(admin.list("builds", namespace)) == 2


def test_a_trigger_on_a_running_build_queues_the_next(admin, kpack, namespace, repository):
    kpack.builder()
    play = kpack.next_build("app", BuildPlay(hold="detect"))
    kpack.image(namespace, "app", git=(URL, "main"))
    assert play.began.wait(30)
    needed = {"metadata": {"annotations": {"image.kpack.io/additionalBuildNeeded": "now"}}}
    admin.patch("builds", "app-build-1", needed, namespace)
    play.release()
    assert kpack.wait_build(namespace, "app", 2)["metadata"]["annotations"]["image.kpack.io/reason"] == "TRIGGER"


def test_a_controller_that_stands_still_lets_pods_go_on_and_one_that_starts_again_goes_on_itself(
        admin, kpack, namespace, repository):
    kpack.builder()
    play = kpack.next_build("app", BuildPlay(hold="detect"))
    kpack.image(namespace, "app", git=(URL, "main"))
    assert play.began.wait(30)
    kpack.pause()
    play.release()
    admin.wait("pods", "app-build-1-build-pod", lambda it: it["status"]["phase"] == "Succeeded", namespace)
    assert succeeded(admin.get("builds", "app-build-1", namespace)) == "Unknown"
    kpack.resume()
    kpack.restart()
    assert succeeded(kpack.wait_build(namespace, "app", 1)) == "True"
    ready_reason(admin, namespace, "UpToDate")


def test_a_pod_that_is_deleted_is_made_again_with_a_log_of_its_own(admin, kpack, namespace, repository):
    kpack.builder()
    play = kpack.next_build("app", BuildPlay(hold="detect", lines={"prepare": ["the first"]}))
    kpack.next_build("app", BuildPlay(lines={"prepare": ["the second"]}))
    kpack.image(namespace, "app", git=(URL, "main"))
    assert play.began.wait(30)
    pod = "app-build-1-build-pod"
    admin.wait("pods", pod, lambda it: "running" in it["status"]["initContainerStatuses"][2]["state"], namespace)
    admin.delete("pods", pod, namespace)
    assert succeeded(kpack.wait_build(namespace, "app", 1)) == "True"
    log = admin.request("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log?container=prepare")
    assert log.body == b"the second\n"


def test_beside_sidecars_the_steps_are_containers(admin, kpack, namespace, repository):
    kpack.sidecars = True
    kpack.builder()
    kpack.image(namespace, "app", git=(URL, "main"))
    build = kpack.wait_build(namespace, "app", 1)
    pod = admin.get("pods", build["status"]["podName"], namespace)
    assert [entry["name"] for entry in pod["spec"]["initContainers"]] == ["pre-start"]
    assert build["status"]["stepsCompleted"] == ["prepare", "analyze", "detect", "restore", "build", "export", "completion"]


def test_old_builds_are_pruned_and_a_deleted_image_takes_its_builds_along(admin, kpack, namespace, repository):
    kpack.builder()
    kpack.image(namespace, "app", git=(URL, "main"), successBuildHistoryLimit=2)
    for number in range(2, 5):
        kpack.wait_build(namespace, "app", number - 1)
        kpack.sources.repositories[URL] = {"main": f"{number}" * 40}
        kpack.poll()
    kpack.wait_build(namespace, "app", 4)
    eventually(lambda: [build["metadata"]["name"] for build in admin.list("builds", namespace)] == ["app-build-3", "app-build-4"])
    admin.delete("images", "app", namespace)
    eventually(lambda: not admin.list("builds", namespace) and not admin.list("sourceresolvers", namespace))


def test_a_new_buildpack_rebuilds_every_image_but_only_as_many_at_a_time_as_there_are_slots(kube_server, admin, namespace):
    names = ("one", "two")
    with Kpack(kube_server, [namespace], slots=1) as kpack:
        kpack.sources.repositories[URL] = {"main": OLD}
        kpack.builder()
        for name in names:
            kpack.image(namespace, name, git=(URL, "main"))
        for name in names:
            kpack.wait_build(namespace, name, 1)
        plays = [kpack.next_build(name, BuildPlay(hold="build")) for name in names]
        admin.patch("clusterstores", namespace, {"spec": {"sources": [{"image": "registry.example/acme/java:2.0.0"}]}})
        assert all(play.began.wait(30) for play in plays)
        for name in names:
            admin.wait("pods", f"{name}-build-2-build-pod", lambda it: it["spec"]["nodeName"], namespace)
        pods = [admin.get("pods", f"{name}-build-2-build-pod", namespace) for name in names]
        assert sum("startTime" in pod["status"] for pod in pods) <= 1
        for play in plays:
            play.release()
        for name in names:
            build = kpack.wait_build(namespace, name, 2)
            assert build["metadata"]["annotations"]["image.kpack.io/reason"] == "BUILDPACK"


def defaulted(image: dict) -> dict | None:
    return image if image["spec"].get("failedBuildHistoryLimit") == 10 else None


def test_the_webhooks_fill_in_what_is_missing_and_refuse_two_sources(kube_server, admin, kpack, namespace, repository, tmp_path):
    with Webhooks(kube_server, tmp_path / "webhooks"):
        names = (f"app-{number}" for number in itertools.count())
        # The apiserver learns of webhooks by a watch of its own.
        made = eventually(lambda: defaulted(kpack.image(namespace, next(names), git=(URL, "main"))))
        name = made["metadata"]["name"]
        with pytest.raises(ApiError, match="expected exactly one, got both: spec.source.blob, spec.source.git") as refused:
            admin.patch("images", name, {"spec": {"source": {"blob": {"url": "https://blob.example"}}}}, namespace)
        assert (refused.value.status, refused.value.reason) == (400, "BadRequest")
        assert admin.patch("images", name, {"spec": {"source": {"git": None, "blob": {"url": "https://blob.example"}}}}, namespace)


def test_images_can_be_pushed_so_that_their_digests_are_real(kpack, namespace, repository, tmp_path):
    with RegistryServer(tmp_path / "registry") as registry:
        client = Registry(registry.host)
        kpack.push = publishing.to(client, registry.host)
        kpack.builder()
        kpack.image(namespace, "app", tag=f"{registry.host}/apps/app:main", git=(URL, "main"))
        latest = kpack.wait_build(namespace, "app", 1)["status"]["latestImage"]
        answer = client.request("HEAD", "/v2/apps/app/manifests/main", headers={"Accept": OCI["manifest"]})
        assert latest == f"{registry.host}/apps/app@{answer.headers['Docker-Content-Digest']}"


def test_a_seeded_history_needs_no_controller(admin, namespace):
    seed(admin, namespace, images=3, builds=2)
    found = admin.list("builds", namespace, selector="image.kpack.io/image=app-1")
    assert [build["metadata"]["annotations"]["image.kpack.io/reason"] for build in found] == ["CONFIG", "COMMIT"]
    assert all(succeeded(build) == "True" for build in found)
    image = admin.get("images", "app-1", namespace)
    assert image["status"]["latestImage"] == found[-1]["status"]["latestImage"] != found[0]["status"]["latestImage"]
