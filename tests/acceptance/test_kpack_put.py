"""A put to an Image of kpack: what is changed, what is built, what is shown. Every race has a test in test_kpack_races.py."""

import signal

import pytest

from support.kpack.plays import BuildPlay
from support.kpack_world import image_of
from support.kube.proxy import Hold

STEPS = ["PREPARE", "ANALYZE", "DETECT", "RESTORE", "BUILD", "EXPORT", "COMPLETION"]


def headings(lines: list[str]) -> list[str]:
    return [line.removeprefix("===> ") for line in lines if line.startswith("===> ")]


def spec_of(world) -> dict:
    return world.now()["spec"]


def test_a_commit_is_built_and_its_phases_are_shown(world):
    first, second = world.commit("one"), world.commit("two")
    world.built(first)
    put = world.put(commit=second)
    answer = put.answer
    build = world.builds()[1]
    assert answer["version"] == {"image": image_of(build)}
    shown = {entry["name"]: entry["value"] for entry in answer["metadata"]}
    assert (shown["build"], shown["reason"], shown["commit"]) == ("#2 (app-build-2)", "COMMIT", second)
    lines = put.lines
    assert headings(lines) == STEPS
    at = lines.index("  source.git.revision")
    assert lines[at + 1:at + 3] == [f"  - {first}", f"  + {second}"]
    assert 'Image Resource "app" patched' in lines
    at = lines.index("Build reason(s): COMMIT")
    assert lines[at:at + 4] == ["Build reason(s): COMMIT", "COMMIT:", f"  - {first}", f"  + {second}"]
    assert "acme/java 1.0.0" in lines and "Build successful" in lines
    assert lines[-1] == f"build #2 made {image_of(build)}"


def test_the_same_commit_again_needs_no_build_and_few_requests(world, kube_proxy):
    first = world.commit("one")
    build = world.built(first)
    world.behind(kube_proxy)
    put = world.put(commit=first)
    assert put.answer["version"] == {"image": image_of(build)}
    assert len(kube_proxy.requests) <= 5, kube_proxy.requests
    assert 'Image Resource "app" patched (no change)' in put.lines
    assert put.lines[-1] == f"no build is needed: build #1 has built this already, {image_of(build)}"
    assert len(world.builds()) == 1


def test_an_image_that_is_not_there_is_created(world):
    first = world.commit("one")
    world.kpack.builder()
    create = {"tag": "registry.example/apps/app:main", "git_url": world.url, "service_account": "default",
              "builder": {"name": world.namespace}, "cache": {"volume": {"size": "2G"}}, "env": {"A": "1", "B": "2"},
              "additional_tags": ["registry.example/apps/app:latest"], "sub_path": "web"}
    put = world.put(commit=first, create=create, env={"B": None, "C": 3})
    assert put.answer["version"]["image"].startswith("registry.example/apps/app@sha256:")
    assert 'Image Resource "app" created' in put.lines
    assert spec_of(world) == {
        "tag": "registry.example/apps/app:main", "serviceAccountName": "default", "cache": {"volume": {"size": "2G"}},
        "builder": {"kind": "ClusterBuilder", "name": world.namespace},
        "additionalTags": ["registry.example/apps/app:latest"], "build": {"env": [{"name": "A", "value": "1"},
                                                                                {"name": "C", "value": "3"}]},
        "source": {"git": {"url": world.url, "revision": first}, "subPath": "web"}}
    # Once it is there, `create` says nothing any more.
    put = world.put(commit=first, create={**create, "tag": "registry.example/other", "cache": {"volume": {"size": "9G"}}})
    assert put.answer and spec_of(world)["cache"] == {"volume": {"size": "2G"}}
    world.admin.delete("images", "app", world.namespace)


def test_an_image_that_another_creates_at_the_same_time_is_changed(world, kube_proxy):
    first, second = world.commit("one"), world.commit("two")
    world.kpack.builder()
    world.behind(kube_proxy)
    kube_proxy.faults.append(hold := Hold("/images", method="POST"))
    create = {"tag": "registry.example/apps/app", "git_url": world.url, "builder": {"name": world.namespace}}
    put = world.put(commit=second, create=create)
    assert hold.struck.wait(60)
    world.image(first, builder=False)
    hold.release()
    answer = put.answer
    assert "the Image app was created by another meanwhile" in put.lines
    assert spec_of(world)["source"]["git"]["revision"] == second
    assert answer["version"]["image"] == image_of(world.builds()[-1])
    assert world.builds()[-1]["spec"]["source"]["git"]["revision"] == second


def test_only_the_fields_given_change(world):
    first = world.commit("one")
    world.built(first, build={"env": [{"name": "KEPT", "value": "geheim"}, {"name": "GONE", "value": "x"}]},
                projectDescriptorPath="p.toml")
    before = spec_of(world)
    world.kpack.builder("full-" + world.namespace, buildpacks={"acme/java": "2.0.0"})
    put = world.put(builder={"name": "full-" + world.namespace}, env={"GONE": None, "NEW": "secret words"},
                    additional_tags=["registry.example/apps/app:x"])
    answer = put.answer
    after = spec_of(world)
    assert after["build"]["env"] == [{"name": "KEPT", "value": "geheim"}, {"name": "NEW", "value": "secret words"}]
    assert after["builder"] == {"kind": "ClusterBuilder", "name": "full-" + world.namespace}
    assert after["additionalTags"] == ["registry.example/apps/app:x"]
    assert {**after, "build": 0, "builder": 0, "additionalTags": 0} == {**before, "build": 0, "builder": 0, "additionalTags": 0}
    text = "\n".join(put.lines)
    assert "geheim" not in text and "secret words" not in text
    assert "  - GONE (its value is not shown)" in put.lines and "  env: NEW" not in put.lines
    assert "Build reason(s): CONFIG,BUILDPACK" in put.lines
    assert "  - acme/java@1.0.0" in put.lines
    assert answer["version"]["image"] == image_of(world.builds()[1])


@pytest.mark.release
def test_a_builder_with_equal_contents_needs_no_build(world):
    build = world.built(world.commit("one"))
    world.kpack.builder("same-" + world.namespace, stack=world.namespace)
    put = world.put(builder={"name": "same-" + world.namespace})
    assert put.answer["version"] == {"image": image_of(build)}
    assert len(world.builds()) == 1


def test_a_trigger_builds_what_has_not_changed(world):
    first = world.commit("one")
    world.built(first)
    put = world.put(commit=first, trigger=True)
    answer = put.answer
    assert "triggering a new build: params.trigger is set" in put.lines
    assert "Build reason(s): TRIGGER" in put.lines
    assert {"name": "build", "value": "#2 (app-build-2)"} in answer["metadata"]
    assert any(line.startswith("warning: an earlier build made the same image") for line in put.lines)


@pytest.mark.release
def test_without_waiting_the_version_is_what_stands(world):
    first, second = world.commit("one"), world.commit("two")
    build = world.built(first)
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    assert world.put(commit=second, wait=False).answer["version"] == {"image": image_of(build)}
    assert spec_of(world)["source"]["git"]["revision"] == second
    play.release()


@pytest.mark.release
def test_a_branch_or_a_tag_is_built_as_the_commit_that_it_names(world):
    first = world.commit("one")
    world.built(first)
    second = world.commit("two")
    world.repository.tag("v2", second, "the second")
    put = world.put(commit="v2")
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert spec_of(world)["source"]["git"]["revision"] == second


@pytest.mark.release
def test_an_archive_is_built(world):
    world.built(world.commit("one"))
    put = world.put(blob_url="https://blobs.example/app.zip")
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert spec_of(world)["source"] == {"blob": {"url": "https://blobs.example/app.zip"}}
    (world.inputs / "blob").mkdir()
    (world.inputs / "blob/url").write_text("https://blobs.example/app2.zip\n")
    assert world.put(blob_url_path="blob/url").answer["version"] == {"image": image_of(world.builds()[2])}
    (world.inputs / "blob/url").write_text("https://blobs.example/app3.zip\n")
    assert world.put(blob_url_file="blob/url").answer["version"] == {"image": image_of(world.builds()[3])}


def test_a_stack_change_alone_is_a_rebase(world):
    first = world.commit("one")
    world.built(first)
    play = world.kpack.next_build("app", BuildPlay(hold="rebase"))
    world.admin.patch("clusterstacks", world.namespace, {"spec": {"runImage": {"image": "registry.example/run:2"}}})
    world.admin.wait("builds", "app-build-2", lambda build: build["status"]["podName"], world.namespace)
    put = world.put(commit=first)
    put.wait_line("===> REBASE")
    play.release()
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert headings(put.lines) == ["REBASE", "COMPLETION"]
    assert "Build reason(s): STACK" in put.lines


@pytest.mark.release
def test_steps_beside_sidecars_are_shown_without_them(world):
    world.kpack.sidecars = True
    world.built(world.commit("one"))
    put = world.put(commit=world.commit("two"))
    assert put.answer
    assert headings(put.lines) == STEPS


def test_a_failure_names_the_step_its_exit_code_and_whose_fault_it_is(world):
    world.built(world.commit("one"))
    lines = {"build": ["compiling", "ERROR: no pom.xml"]}
    world.kpack.next_build("app", BuildPlay(fails="build", exit_code=51, lines=lines))
    put = world.put(commit=world.commit("two"))
    assert put.error == ('cannot build the Image app: build #2: step build ended with exit code 51: a buildpack failed '
                         '("ERROR: no pom.xml"); the source failed')
    assert put.lines[-3:-1] == ["compiling", "ERROR: no pom.xml"]
    world.kpack.next_build("app", BuildPlay(fails="export", exit_code=62, message="failed to write image: 503"))
    put = world.put(commit=world.commit("three"))
    assert put.error.endswith('step export ended with exit code 62: the registry or the cluster failed ("failed to write '
                              'image: 503"); the infrastructure failed')


def test_bytes_that_drive_a_terminal_do_not_reach_the_log(world):
    world.built(world.commit("one"))
    lines = {"build": [b"\x1b[2J\x1b]0;title\x07\xff\xfe", b"\x1b[32mgreen", b"10%\r100%"]}
    world.kpack.next_build("app", BuildPlay(lines=lines))
    put = world.put(commit=world.commit("two"))
    stderr = put.result().stderr
    assert "\x1b[2J" not in stderr and "\x1b]" not in stderr and "\r" not in stderr
    at = put.lines.index("??")
    assert put.lines[at + 1:at + 3] == ["green", "100%"]
    assert "\x1b[32mgreen\x1b[0m\n" in stderr


def test_a_put_that_is_aborted_says_how_to_follow_the_build(world):
    world.built(world.commit("one"))
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    put = world.put(commit=world.commit("two"))
    put.wait_line("===> BUILD")
    put.terminate()
    result = put.result()
    assert result.status == 128 + signal.SIGTERM and result.stdout == ""
    assert (f"warning: what kpack has begun goes on; follow it by: kp build logs app --namespace {world.namespace} --build 2"
            in result.lines)
    play.release()
    assert world.kpack.wait_build(world.namespace, "app", 2)["status"]["latestImage"]


@pytest.mark.release
def test_a_put_that_is_aborted_before_its_build_says_how_to_follow_the_image(world):
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    world.image(world.commit("one"))
    assert play.began.wait(60)
    put = world.put(commit=world.commit("two"))
    put.wait_line("waiting: behind build #1")
    put.terminate()
    result = put.result()
    assert result.status == 128 + signal.SIGTERM and result.stdout == ""
    assert (f"warning: what kpack has begun goes on; follow it by: kp build logs app --namespace {world.namespace}"
            in result.lines)
    play.release()


def test_a_timeout_says_what_was_waited_for(world):
    world.built(world.commit("one"))
    play = world.kpack.next_build("app", BuildPlay(unscheduled="0/3 nodes are available: 3 Insufficient memory."))
    put = world.put(commit=world.commit("two"), timeout="5s")
    assert put.error.startswith("cannot build the Image app: it is not built after 5.0 s (params.timeout), waiting: the pod "
                                "app-build-2-build-pod is not scheduled: 0/3 nodes are available: 3 Insufficient memory;")
    play.release()


def test_what_keeps_a_build_is_told(world, kube_server):
    world.built(world.commit("one"))
    play = world.kpack.next_build("app", BuildPlay(waiting=("analyze", "ImagePullBackOff", "Back-off pulling image")))
    put = world.put(commit=world.commit("two"))
    put.wait_line("waiting: the step analyze cannot start: ImagePullBackOff: Back-off pulling image")
    play.release()
    assert put.answer
    rules = [{"apiGroups": [""], "resources": ["resourcequotas"], "verbs": ["list"]}]
    world.token = kube_server.service_account(world.namespace, "reader", rules=rules + [
        {"apiGroups": ["kpack.io"], "resources": ["images", "builds"], "verbs": ["get", "list", "watch", "patch"]},
        {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list", "watch"]}])
    quota = {"hard": {"pods": "2"}}
    world.admin.create("resourcequotas", {"metadata": {"name": "team"}, "spec": quota}, world.namespace)
    world.admin.patch("resourcequotas", "team", {"status": {**quota, "used": {"pods": "2"}}}, world.namespace, status=True)
    put = world.put(commit=world.commit("three"))
    put.wait_line("waiting: the quota team is used up: pods 2 of 2")
    world.admin.delete("resourcequotas", "team", world.namespace)
    assert put.answer


@pytest.mark.release
def test_without_rights_on_pods_a_build_is_waited_for_all_the_same(world, kube_server):
    world.built(world.commit("one"))
    world.token = kube_server.service_account(world.namespace, "blind", rules=[
        {"apiGroups": ["kpack.io"], "resources": ["images", "builds"], "verbs": ["get", "list", "watch", "patch"]}])
    put = world.put(commit=world.commit("two"))
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    warning = put.wait_line("warning: the build's pod and its log are not shown")
    assert 'resources: [pods], verbs: [list]' in warning
