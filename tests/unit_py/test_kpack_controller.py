"""The stand-in for kpack decides as kpack does: why it builds, which build it makes, and what builders are made of."""

import copy
import json

import pytest

from support.kpack import builders, builds, reasons, sources, webhooks
from support.kube.logs import ContainerLog, nanoseconds, rfc3339

OLD, NEW = "a" * 40, "b" * 40
GIT = {"git": {"url": "https://git.example/app", "revision": OLD}}
BUILDER = {
    "kind": "ClusterBuilder", "metadata": {"name": "base"},
    "status": {"latestImage": "r.example/builder@sha256:1", "builderMetadata": [{"id": "acme/java", "version": "1.0.0"}],
               "stack": {"id": "jammy", "runImage": "r.example/run@sha256:1"}, "lifecycle": {"version": "0.20.0"}},
}


def image(**spec) -> dict:
    return {"kind": "Image", "metadata": {"name": "app", "generation": 3, "uid": "u", "labels": {"team": "x"}},
            "spec": {"tag": "r.example/app:main", "source": GIT, **spec}}


def built(of: dict | None = None, last: dict | None = None, succeeded: str = "True", source: dict | None = None) -> dict:
    """A Build that has ended, of the image and BUILDER."""
    of, source = of or image(), source or GIT
    build = builds.new_build(of, last, source, BUILDER, reasons.changes(of, last, source, BUILDER))
    build["metadata"] |= {"namespace": "ns", "generation": 1, "uid": "b"}
    build["status"] = {"conditions": [{"type": "Succeeded", "status": succeeded}]}
    if succeeded == "True":
        build["status"] |= {"latestImage": "r.example/app@sha256:9", "buildMetadata": BUILDER["status"]["builderMetadata"],
                            "stack": BUILDER["status"]["stack"], "lifecycleVersion": "0.20.0"}
    return build


def changed(builder_change=None, of=None, last=None, source=None) -> str:
    builder = copy.deepcopy(BUILDER)
    if builder_change:
        builder_change(builder["status"])
    return reasons.reasons(reasons.changes(of or image(), last or built(), source or GIT, builder))


def new_run_image(status: dict) -> None:
    status["stack"]["runImage"] = "r.example/run@sha256:2"


def new_buildpack(status: dict) -> None:
    status["builderMetadata"] = [{"id": "acme/java", "version": "2.0.0"}]


def test_the_first_build_is_for_its_configuration():
    (change,) = reasons.changes(image(), None, GIT, BUILDER)
    assert change == {"reason": "CONFIG", "old": {"resources": {}, "source": {}}, "new": {"resources": {}, "source": GIT}}


@pytest.mark.parametrize("why, arguments", [
    ("", {}),
    ("COMMIT", {"source": {"git": {**GIT["git"], "revision": NEW}}}),
    ("CONFIG", {"of": image(build={"env": [{"name": "A", "value": "1"}]})}),
    ("CONFIG", {"source": {"blob": {"url": "https://blob.example"}}}),
    ("BUILDPACK", {"builder_change": new_buildpack}),
    ("STACK", {"builder_change": new_run_image}),
    ("LIFECYCLE", {"builder_change": lambda status: status.update(lifecycle={"version": "0.21.0"})}),
    ("BUILDPACK,STACK", {"builder_change": lambda status: (new_buildpack(status), new_run_image(status))}),
    ("COMMIT,STACK", {"source": {"git": {**GIT["git"], "revision": NEW}}, "builder_change": new_run_image}),
    # Another builder with the same contents: its image and its name count for nothing.
    ("", {"builder_change": lambda status: status.update(latestImage="r.example/other@sha256:7")}),
    # After a failure nothing of the builder is looked at.
    ("", {"last": built(succeeded="False"), "builder_change": new_run_image}),
])
def test_what_changed_is_why_it_builds(why, arguments):
    assert changed(**arguments) == why


def test_a_trigger_comes_first_and_says_when():
    last = built()
    last["metadata"]["annotations"][reasons.NEEDED] = "x"
    found = reasons.changes(image(), last, {"git": {**GIT["git"], "revision": NEW}}, BUILDER)
    assert [change["reason"] for change in found] == ["TRIGGER", "COMMIT"]
    assert found[0]["new"].startswith("A new build was manually triggered on ")


def test_a_build_carries_the_labels_of_its_image_and_tags_of_its_own():
    build = builds.new_build(image(additionalTags=["r.example/app:more"]), built(), GIT, BUILDER, [])
    assert build["metadata"]["name"] == "app-build-2"
    assert build["metadata"]["labels"] == {"team": "x", builds.NUMBER: "2", builds.IMAGE: "app", builds.GENERATION: "3"}
    first, own, more = build["spec"]["tags"]
    assert (first, more) == ("r.example/app:main", "r.example/app:more") and own.startswith("r.example/app:main-b2.20")
    assert build["spec"]["lastBuild"] == {"image": "r.example/app@sha256:9", "stackId": "jammy", "cache": {}}


def test_only_a_new_run_image_alone_on_the_same_stack_is_a_rebase():
    def build(why: str) -> dict:
        return builds.new_build(image(), built(), GIT, BUILDER, [{"reason": part} for part in why.split(",")])
    assert builds.is_rebase(build("STACK"), "jammy")
    assert not builds.is_rebase(build("STACK"), "noble")
    assert not builds.is_rebase(build("BUILDPACK,STACK"), "jammy")
    assert not builds.is_rebase(builds.new_build(image(), None, GIT, BUILDER, [{"reason": "STACK"}]), "jammy")


def test_steps_are_init_containers_or_stand_beside_sidecars():
    def names(pod: dict) -> tuple:
        return tuple([part["name"] for part in pod["spec"][kind]] for kind in ("initContainers", "containers"))
    build = built()
    assert names(builds.new_pod(build, False, False)) == (list(builds.STEPS), ["completion"])
    assert names(builds.new_pod(build, True, False)) == (["rebase"], ["completion"])
    assert names(builds.new_pod(build, False, True)) == (["pre-start"], [*builds.STEPS, "completion"])


def test_a_long_name_is_cut_and_stays_unique():
    name = builds.child_name("x" * 60, "-build-1")
    assert len(name) == 63 and name.endswith("-build-1") and name != builds.child_name("x" * 61, "-build-1")
    assert builds.child_name("app", "-build-1") == "app-build-1"


def test_a_waiting_pod_gives_the_build_its_reason_and_a_failed_one_the_phase():
    def state(**of) -> dict:
        return {"name": of.pop("name"), "state": of}
    pod = {"metadata": {"name": "p", "namespace": "ns"}, "status": {"phase": "Pending", "initContainerStatuses": [
        state(name="prepare", waiting={"reason": "ImagePullBackOff", "message": "Back-off"})]}}
    found = builds.build_status(built(succeeded="Unknown"), pod)
    assert found["conditions"][0]["reason"] == "ImagePullBackOff" and found["stepsCompleted"] == []
    pod["status"] = {"phase": "Failed", "initContainerStatuses": [
        state(name="prepare", terminated={"exitCode": 0}), state(name="build", terminated={"exitCode": 51, "message": "no jar"})]}
    found = builds.build_status(built(succeeded="Unknown"), pod)
    assert found["conditions"][0]["status"] == "False" and "no jar" in found["conditions"][0]["message"]
    assert found["stepsCompleted"] == ["prepare"]
    assert found["stepStates"][1]["terminated"]["exitCode"] == 51


def cluster(**parts) -> dict:
    images = builders.Images()
    stack = {"metadata": {"name": "s", "generation": 4}, "spec": {
        "id": "jammy", "buildImage": {"image": "r.example/build:1"}, "runImage": {"image": "r.example/run:1"}}}
    store = {"metadata": {"name": "s", "generation": 2}, "spec": {"sources": [
        {"image": f"r.example/acme/java:{version}"} for version in ("9.0.0", "10.0.0")]}}
    stack["status"] = {**builders.stack_status(stack, images), "observedGeneration": 4}
    store["status"] = {**builders.store_status(store, images), "observedGeneration": 2}
    return {"clusterstacks": stack, "clusterstores": store, **parts}


def builder_status(there: dict, buildpack: dict, status: dict | None = None) -> dict:
    builder = {"metadata": {"name": "b"}, "spec": {
        "tag": "r.example/builders/b:x", "stack": {"name": "s"}, "store": {"name": "s"}, "order": [{"group": [buildpack]}]},
        "status": status or {}}
    return builders.builder_status(builder, lambda resource, name: there.get(resource))


def test_a_builder_takes_the_newest_buildpack_and_the_generations_it_saw():
    status = builder_status(cluster(), {"id": "acme/java"})
    assert [(entry["id"], entry["version"]) for entry in status["builderMetadata"]] == [("acme/java", "10.0.0")]
    assert (status["observedStackGeneration"], status["observedStoreGeneration"]) == (4, 2)
    assert status["stack"]["runImage"].startswith("r.example/run@sha256:")
    assert status["latestImage"].startswith("r.example/builders/b@sha256:")
    assert {entry["type"]: entry["status"] for entry in status["conditions"]} == {"Ready": "True", "UpToDate": "True"}


def test_a_builder_that_cannot_be_made_is_not_ready_and_one_that_was_made_before_only_not_up_to_date():
    pinned = {"id": "acme/java", "version": "1.2.3"}
    never = {entry["type"]: entry for entry in builder_status(cluster(), pinned)["conditions"]}
    assert (never["Ready"]["status"], never["Ready"]["reason"]) == ("False", "NoLatestImage")
    assert "acme/java" in never["UpToDate"]["message"]
    before = builder_status(cluster(), {"id": "acme/java"})
    after = builder_status(cluster(clusterstacks=None), {"id": "acme/java"}, before)
    assert {entry["type"]: entry["status"] for entry in after["conditions"]} == {"Ready": "True", "UpToDate": "False"}
    assert after["latestImage"] == before["latestImage"]


def test_sources_resolve_names_and_take_what_they_do_not_know_for_a_commit():
    known = sources.Sources()
    known.repositories = {"u": {"main": NEW}, "gone": sources.UNREACHABLE}
    assert known.resolve({"git": {"url": "u", "revision": "main"}})["git"] == {"url": "u", "revision": NEW, "type": "Branch"}
    assert known.resolve({"git": {"url": "u", "revision": OLD}})["git"]["type"] == "Commit"
    unknown = known.resolve({"git": {"url": "gone", "revision": "main"}, "subPath": "app"})
    assert unknown["git"] == {"url": "gone", "revision": "main", "type": "Unknown", "subPath": "app"}
    assert sources.of_build(unknown) == {"git": {"url": "gone", "revision": "main"}, "subPath": "app"}


def test_the_webhooks_refuse_what_kpack_refuses():
    good = image(builder={"kind": "ClusterBuilder", "name": "base"})
    assert webhooks.complaint(good, None) == ""
    both = copy.deepcopy(good)
    both["spec"]["source"] = {**GIT, "blob": {"url": "x"}}
    assert webhooks.complaint(both, None) == "expected exactly one, got both: spec.source.blob, spec.source.git"
    moved = copy.deepcopy(good)
    moved["spec"]["tag"] = "r.example/other"
    assert "Immutable field changed: spec.tag" in webhooks.complaint(moved, good)
    assert {entry["path"] for entry in webhooks.defaults(good)} == {f"/spec/{name}" for name in webhooks.DEFAULTS}


def test_a_log_keeps_bytes_and_gives_a_part_of_a_line_no_time_of_its_own():
    log = ContainerLog()
    second = 1_700_000_000 * 1_000_000_000
    log.write(b"one\r\ntw", at=second + 5)
    log.write(b"o\n\xff", at=second + 2_000_000_007)
    log.end()
    assert log.text == b"one\r\ntwo\n\xff"
    read = b"".join(log.read(timestamps=True, follow=True))
    early, late = rfc3339(second + 5).encode(), rfc3339(second + 2_000_000_007).encode()
    assert read == early + b" one\r\n" + early + b" two\n" + late + b" \xff"
    assert b"".join(log.read(since=second + 1_000_000_000)) == b"o\n\xff"
    assert nanoseconds(rfc3339(second + 5)) == second + 5 and rfc3339(second).endswith(".000000000Z")


def test_the_annotation_of_changes_is_json_as_kpack_writes_it():
    found = reasons.changes(image(), built(), {"git": {**GIT["git"], "revision": NEW}}, BUILDER)
    assert reasons.as_annotation(found) == f'[{{"reason":"COMMIT","old":"{OLD}","new":"{NEW}"}}]'
    assert json.loads(reasons.as_annotation(found)) == found
