"""The fleet kind by kpack: a put that changes a stack, a store or a builder of a real kube-apiserver, and waits until each Image
is built by that. It runs with the rights that the docs name."""

import json

import pytest

from support.fleet import base_layers
from support.fleet_kpack import FleetKpack
from support.kpack.plays import BuildPlay
from support.kube.proxy import Status
from support.program import run_program
from support.registry_server import RegistryServer


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("fleet-kpack") / "registry", username="robot", password="geheim") as server:
        yield server


@pytest.fixture
def fleet(programs, kube_server, kpack, namespace, registry, tmp_path) -> FleetKpack:
    return FleetKpack(programs, kube_server, kpack, namespace, registry, tmp_path)


def test_a_patched_run_image_reaches_every_image_and_goes_back(fleet):
    fleet.image("shop")
    # A Builder of the namespace on the same stack, and an Image that stands on another one.
    fleet.kpack.builder(f"own-{fleet.namespace}", stack=fleet.namespace, namespace=fleet.namespace)
    fleet.image("mail", builder={"kind": "Builder", "name": f"own-{fleet.namespace}"})
    fleet.kpack.builder(f"other-{fleet.namespace}")
    fleet.image("stock", builder={"kind": "ClusterBuilder", "name": f"other-{fleet.namespace}"})

    first = fleet.put(run_image=fleet.run("1")).result()
    assert first.status == 0, first.stderr
    assert "no change" in first.log and "2 images: 2 current already" in first.log
    version = first.answer["version"]
    assert version["run_image"] == fleet.run("1")

    put = fleet.put(run_image=fleet.run("2")).result()
    assert put.status == 0, put.stderr
    assert "openssl 1 -> 2" in put.log
    assert f"2 Images stand on the ClusterStack {fleet.namespace}, of which 2 are affected" in put.log
    assert "runImage.image" in put.log and f'ClusterStack "{fleet.namespace}" patched' in put.log
    assert "2 images: 2 rebuilt" in put.log
    assert fleet.stack()["spec"]["runImage"]["image"] == fleet.run("2")
    newest = put.answer["version"]
    assert fleet.check() == [newest] and newest["run_image"] == fleet.run("2")
    assert fleet.states(newest) == {"shop": "rebuilt", "mail": "rebuilt"}
    shop, = (image for image in json.loads((fleet.inputs / "states/changed.json").read_text()) if "shop" in image["name"])
    assert shop["resource"] == f"{fleet.namespace}/shop" and shop["build"] == 2 and "STACK" in shop["reason"]
    assert shop["run_image"] == fleet.run("2") and shop["before"] != shop["image"]
    assert fleet.builds("stock") == 1
    assert "geheim" not in put.stderr and fleet.token not in put.stderr

    # A second put does only what is left: nothing.
    again = fleet.put(run_image=fleet.run("2")).result()
    assert "2 images: 2 current already" in again.log and fleet.builds("shop") == 2

    fleet.get(version, "earlier")
    back = fleet.put(rollback="earlier").result()
    assert back.status == 0, back.stderr
    assert fleet.stack()["spec"]["runImage"]["image"] == fleet.run("1")
    assert fleet.states(back.answer["version"]) == {"shop": "rebuilt", "mail": "rebuilt"}


def test_a_dry_run_lists_what_would_be_rebuilt_and_writes_nothing(fleet):
    fleet.image("shop")
    fleet.image("mail")
    generation = fleet.stack()["metadata"]["generation"]
    put = fleet.put(run_image=fleet.run("2"), dry_run=True, exclude=["*/mail"]).result()
    assert put.status == 0, put.stderr
    assert f"{fleet.namespace}/shop: STACK" in put.log
    assert fleet.states(put.answer["version"]) == {"shop": "planned", "mail": "left-out"}
    assert fleet.stack()["metadata"]["generation"] == generation and fleet.check() == []


def test_a_failed_build_stops_no_other_and_is_triggered_when_asked(fleet):
    fleet.image("shop")
    fleet.image("mail")
    fleet.kpack.next_build("mail", BuildPlay(fails="rebase", exit_code=62))
    put = fleet.put(run_image=fleet.run("2"), fail_on=["failed"]).result()
    assert put.status == 1 and put.stdout == ""
    assert "1 image failed (params.fail_on: failed); the record is written" in put.error
    version, = fleet.check()
    assert fleet.states(version) == {"shop": "rebuilt", "mail": "failed"}
    assert f"{fleet.namespace}/mail: build #2: step rebase ended with exit code 62" in put.log

    stale = fleet.put(run_image=fleet.run("2")).result()
    assert stale.status == 0 and fleet.states(stale.answer["version"])["mail"] == "failed"
    assert "params.trigger_failed: true builds it once more" in stale.log
    mended = fleet.put(run_image=fleet.run("2"), trigger_failed=True).result()
    assert mended.status == 0, mended.stderr
    assert fleet.states(mended.answer["version"]) == {"shop": "current", "mail": "rebuilt"}


def test_what_hangs_is_named_and_the_time_that_is_over_leaves_a_record(fleet):
    fleet.image("shop")
    fleet.image("mail")
    held = fleet.kpack.next_build("mail", BuildPlay(waiting=("rebase", "ImagePullBackOff", "Back-off pulling image")))
    put = fleet.put(run_image=fleet.run("2"), timeout="4s").result()
    assert put.status == 0, put.stderr
    assert f"waiting: ImagePullBackOff: Back-off pulling image: {fleet.namespace}/mail #2" in put.log
    assert "1 of 2 Images are still under way" in put.log
    assert fleet.states(put.answer["version"]) == {"shop": "rebuilt", "mail": "unfinished"}
    # What kpack has built since is news of the next put: else nobody would roll it out.
    held.release()
    fleet.kpack.wait_build(fleet.namespace, "mail", 2)
    rest = fleet.put(run_image=fleet.run("2")).result()
    assert fleet.states(rest.answer["version"]) == {"shop": "current", "mail": "rebuilt"}
    mail, = json.loads((fleet.inputs / "states/changed.json").read_text())
    assert mail["before"] != mail["image"] and mail["run_image"] == fleet.run("2")


def test_an_aborted_put_says_what_is_under_way_and_leaves_a_record(fleet):
    fleet.image("shop")
    fleet.image("mail")
    held = fleet.kpack.next_build("mail", BuildPlay(hold="rebase"))
    put = fleet.put(run_image=fleet.run("2"))
    put.wait_line("shop")
    put.wait_line("waiting: their builds run")
    put.terminate()
    result = put.result()
    assert result.status != 0 and result.stdout == ""
    assert "1 of 2 Images are still under way" in result.log and f"their builds run: {fleet.namespace}/mail #2" in result.log
    version, = fleet.check()
    assert fleet.states(version) == {"shop": "rebuilt", "mail": "unfinished"}
    held.release()


def test_a_buildpackage_is_added_to_a_store(fleet):
    fleet.image("shop")
    source = {**fleet.source, "fleet": {**fleet.source["fleet"], "cluster_store": fleet.namespace}}
    del source["fleet"]["cluster_stack"]
    digest = fleet.storage.image("acme/java", "2", base_layers("2"), {"io.buildpacks.buildpackage.metadata": "{}"})
    fleet.kpack.images.versions[digest] = "2.0.0"
    put = fleet.put(source, buildpackages=[f"{fleet.registry.host}/acme/java:2"]).result()
    assert put.status == 0, put.stderr
    assert f"{fleet.registry.host}/acme/java@{digest}" in put.log
    assert fleet.states(put.answer["version"]) == {"shop": "rebuilt"} and "build #2: BUILDPACK" in put.log
    again = fleet.put(source, buildpackages=[f"{fleet.registry.host}/acme/java:2"]).result()
    assert "is in the store already" in again.log and fleet.states(again.answer["version"]) == {"shop": "current"}


def test_a_builder_gets_another_order_and_another_stack(fleet):
    fleet.image("shop")
    source = {**fleet.source, "fleet": {**fleet.source["fleet"], "cluster_builder": fleet.namespace}}
    del source["fleet"]["cluster_stack"]
    fleet.kpack.builder(f"full-{fleet.namespace}", run_image=fleet.run("2"))
    order = [{"group": [{"id": "acme/java", "version": "1.0.0"}]}]
    put = fleet.put(source, stack=f"full-{fleet.namespace}", order=order).result()
    assert put.status == 0, put.stderr
    assert "stack.name" in put.log and "order" in put.log
    assert fleet.states(put.answer["version"]) == {"shop": "rebuilt"}
    assert fleet.admin.get("clusterbuilders", fleet.namespace)["spec"]["order"] == order


def test_a_builder_that_is_not_ready_is_named_with_its_message(fleet):
    fleet.image("shop")
    fleet.kpack.images.refused[fleet.run("2")] = "GET https://registry.example: 503"
    put = fleet.put(run_image=fleet.run("2"), timeout="4s").result()
    assert put.status == 0, put.stderr
    assert f"waiting: the ClusterStack {fleet.namespace} is not ready: GET https://registry.example: 503" in put.log
    assert fleet.states(put.answer["version"]) == {"shop": "unfinished"}


@pytest.mark.release
def test_a_pod_that_no_node_takes_is_named_and_so_is_a_quota(fleet):
    fleet.image("shop")
    held = fleet.kpack.next_build("shop", BuildPlay(unscheduled="0/3 nodes are available: 3 Insufficient cpu."))
    put = fleet.put(run_image=fleet.run("2"))
    put.wait_line("is not scheduled: 0/3 nodes are available: 3 Insufficient cpu.")
    held.release()
    assert fleet.states(put.answer["version"]) == {"shop": "rebuilt"}
    fleet.server.quota(fleet.namespace, pods="0")
    put = fleet.put(run_image=fleet.run("1"))
    put.wait_line("the quota quota is used up: pods 0 of 0")
    fleet.admin.delete("resourcequotas", "quota", fleet.namespace)
    assert fleet.states(put.answer["version"]) == {"shop": "rebuilt"}


def refused(put) -> str:
    result = put.result()
    assert result.status == 1 and result.stdout == "" and "RESULT" not in result.log, result.stderr
    return result.error


def test_what_kpack_would_not_take_is_known_before_anything_is_written(fleet):
    fleet.image("shop")
    generation = fleet.stack()["metadata"]["generation"]
    host = fleet.registry.host
    fleet.run_image("9", stack="io.acme.tiny")
    fleet.run_image("9", stack="io.acme.tiny", repository="build")
    fleet.run_image("8", repository="build", **{"io.buildpacks.stack.mixins": '["curl", "build:git"]'})
    assert refused(fleet.put(run_image=f"{host}/run:tiny-9")).endswith(
        f"its stack id is io.acme.tiny, and that of the ClusterStack {fleet.namespace} is io.buildpacks.stacks.jammy: kpack takes "
        "none but its own; give params.build_image of the stack io.acme.tiny, too")
    assert "its stack id is io.acme.tiny, and that of params.run_image is io.buildpacks.stacks.jammy" in refused(
        fleet.put(run_image=fleet.run("2"), build_image=f"{host}/build:tiny-9"))
    assert "the build image has the mixin curl, and the run image has not" in refused(
        fleet.put(run_image=fleet.run("2"), build_image=f"{host}/build:jammy-8"))
    assert "cannot find the image of params.run_image" in refused(fleet.put(run_image=f"{host}/run@sha256:{'0' * 64}"))
    assert refused(fleet.put({**fleet.source, "fleet": {**fleet.source["fleet"], "cluster_stack": "nope"}}, run_image=fleet.run("2"))
                   ) == ("cannot use source.fleet ClusterStack nope: there is no such ClusterStack; name one of: kubectl get "
                         "clusterstacks")
    assert fleet.stack()["metadata"]["generation"] == generation and fleet.builds("shop") == 1


def test_a_missing_right_is_named_with_the_rule_that_grants_it(fleet):
    fleet.image("shop")
    mine = {**fleet.source["fleet"]}
    del mine["namespaces"]
    error = refused(fleet.put({**fleet.source, "fleet": mine}, run_image=fleet.run("2")))
    assert error == (f"cannot list builders (kpack.io) in all namespaces: system:serviceaccount:{fleet.namespace}:"
                     f"fleet-{fleet.namespace} has no right to list builders of kpack.io; grant it by a ClusterRole: "
                     '{apiGroups: ["kpack.io"], resources: [builders], verbs: [list]}, or name the namespaces in '
                     "source.fleet.namespaces")
    lists = [{"apiGroups": ["kpack.io"], "resources": ["*"], "verbs": ["list", "watch"]}]
    token = fleet.server.service_account(fleet.namespace, "reader", cluster_rules=lists)
    reader = {**fleet.source, "kubeconfig": fleet.server.kubeconfig(token=token)}
    assert 'grant it by a ClusterRole: {apiGroups: ["kpack.io"], resources: [clusterstacks], verbs: [patch]}' in refused(
        fleet.put(reader, run_image=fleet.run("2")))
    admin = {**fleet.source, "kubeconfig": fleet.server.kubeconfig(token=fleet.server.admin_token),
             "fleet": {**fleet.source["fleet"], "namespaces": ["nope"]}}
    assert refused(fleet.put(admin, run_image=fleet.run("2"))) == (
        "cannot read source.fleet.namespaces: there is no namespace nope; name those that have Images")


def test_a_cluster_without_kpack_and_a_stack_that_another_changes_meanwhile(fleet, kube_server, kube_proxy):
    fleet.image("shop")
    kubeconfig = kube_server.kubeconfig(token=fleet.token, address=kube_proxy.address, ca=kube_proxy.ca)
    mine = {**fleet.source, "kubeconfig": kubeconfig}
    missing = {"body": b"404 page not found\n", "content_type": "text/plain", "status": 404}
    kube_proxy.faults += [Status("/clusterstacks", **missing), Status("/apis/kpack.io", **missing)]
    assert refused(fleet.put(mine, run_image=fleet.run("2"))).endswith(
        "the cluster does not know kpack.io; install what serves kpack.io, or check which cluster source.kubeconfig names")
    kube_proxy.faults.clear()
    conflict = json.dumps({"kind": "Status", "code": 409, "reason": "Conflict"}).encode()
    kube_proxy.faults.append(Status(f"/clusterstacks/{fleet.namespace}", method="PATCH", status=409, body=conflict))
    put = fleet.put(mine, run_image=fleet.run("2")).result()
    assert put.status == 0 and fleet.states(put.answer["version"]) == {"shop": "rebuilt"}, put.stderr


CLUSTER = {"cluster": {"server": "https://127.0.0.1:1", "token": "t"}}


@pytest.mark.parametrize(("fleet_fields", "more", "params", "error"), [
    ({"cluster_stack": "a", "cluster_store": "b"}, CLUSTER, {},
     "source.fleet.cluster_store: cluster_stack is given, too, and a fleet stands on one of them; make a resource for each"),
    ({"cluster_stack": "a", "images": ["r/app"]}, CLUSTER, {},
     "source.fleet.images: the Images of a fleet that kpack builds are found by their builder"),
    ({"images": ["r/app"]}, CLUSTER, {}, "source.cluster: a fleet of images in registries has no cluster"),
    ({"images": ["r/app"], "namespaces": ["apps"]}, {}, {}, "source.fleet.namespaces: it is of a fleet that kpack builds"),
    ({"cluster_stack": "a"}, {}, {"run_image": "r/run"}, "source: it names no cluster"),
    ({"cluster_stack": "A b"}, CLUSTER, {}, "source.fleet.cluster_stack"),
    ({"cluster_stack": "a", "namespaces": ["A"]}, CLUSTER, {}, "source.fleet.namespaces[0]"),
    ({"cluster_stack": "a"}, CLUSTER, {}, "params: nothing says what the cluster_stack is set to; give run_image, build_image or "
                                          "rollback"),
    ({"cluster_stack": "a"}, CLUSTER, {"order": [{"group": [{"id": "x"}]}]},
     "params.order: it is of a cluster_builder, and the fleet stands on a cluster_stack"),
    ({"cluster_stack": "a"}, CLUSTER, {"run_image": "r/run", "limit": 5},
     "params.limit: kpack rebuilds all Images of a builder at once; give the canary's Images a builder and a fleet of their own"),
    ({"cluster_stack": "a"}, CLUSTER, {"run_image": "r/run", "fail_on": ["needs-build"]},
     "params.fail_on: kpack builds what it cannot rebase"),
    ({"cluster_stack": "a"}, CLUSTER, {"run_image": "r/run", "rollback": "x"}, "params.run_image: it means nothing beside"),
    ({"cluster_stack": "a"}, CLUSTER, {"run_image": "r/run", "timeout": "soon"}, 'params.timeout: "soon" is not a duration'),
    ({"images": ["r/app"]}, {}, {"run_image": "r/run", "build_image": "r/build"},
     "params.build_image: it is of a fleet that kpack builds"),
])
def test_what_is_written_wrong_is_one_line_with_field_cause_and_remedy(programs, tmp_path, fleet_fields, more, params, error):
    request = {"source": {"fleet": {"record": "r.example/fleet", **fleet_fields}, **more}, "params": params}
    result = run_program(programs, "out", request, tmp_path)
    assert result.status == 1 and result.stdout == "" and error in result.error, result.stderr
