"""A put cannot lose a race: each way in which kpack, its cluster and others can come between has a test here."""

import time

import pytest

from support.kpack.plays import BuildPlay
from support.kpack_world import image_of
from support.kube.client import eventually
from support.kube.proxy import Cut, Drop, Hold, Slow, Status, WatchError, WatchGarbage


def release(value):
    """A variant of a test that the fast tier can do without."""
    return pytest.param(value, marks=pytest.mark.release)


def revision_of(build: dict) -> str:
    return build["spec"]["source"]["git"]["revision"]


def test_an_older_build_that_runs_is_waited_for(world):
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    world.image(world.commit("one"))
    assert play.began.wait(60)
    put = world.put(commit=world.commit("two"))
    put.wait_line("waiting: behind build #1, which runs")
    play.release()
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert len(world.builds()) == 2


def test_what_another_put_already_builds_is_followed(world):
    commit = world.commit("one")
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    world.image(commit)
    assert play.began.wait(60)
    put = world.put(commit=commit)
    put.wait_line("===> BUILD")
    play.release()
    assert put.answer["version"] == {"image": image_of(world.builds()[0])}


def test_a_stale_failure_is_built_again(world):
    commit = world.commit("one")
    world.kpack.next_build("app", BuildPlay(fails="build"))
    world.built(commit)
    put = world.put(commit=commit)
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert "triggering a new build: build #1 of the same source failed before" in put.lines
    assert "image.kpack.io/additionalBuildNeeded" not in world.now()["metadata"].get("annotations", {})
    time.sleep(1)
    assert len(world.builds()) == 2, "a trigger must not repeat itself"


@pytest.mark.release
def test_a_failure_of_another_commit_is_no_reason_to_trigger(world):
    world.kpack.next_build("app", BuildPlay(fails="build"))
    world.built(world.commit("one"))
    put = world.put(commit=world.commit("two"))
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert not any("triggering" in line for line in put.lines)


def test_a_put_that_was_overtaken_says_so(world):
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    world.image(world.commit("one"))
    assert play.began.wait(60)
    put = world.put(commit=world.commit("two"))
    put.wait_line("behind build #1")
    third = world.commit("three")
    world.revise(third)
    play.release()
    assert put.error.startswith(f"cannot build the Image app: it was superseded: the Image was changed to {third} meanwhile")


def test_a_builder_may_come_later(world):
    world.kpack.image(world.namespace, "app", git=(world.url, world.commit("one")))
    put = world.put(commit=world.commit("two"))
    put.wait_line("waiting: BuilderNotFound: Error: Unable to find builder")
    world.kpack.builder()
    assert put.answer["version"] == {"image": image_of(world.builds()[0])}


@pytest.mark.release
def test_a_build_that_comes_between_is_annotated_in_its_turn(world, kube_proxy):
    commit, other = world.commit("one"), world.commit("other")
    world.kpack.next_build("app", BuildPlay(fails="build"))
    world.built(commit)
    world.behind(kube_proxy)
    kube_proxy.faults.append(hold := Hold("/builds/app-build-1", method="PATCH"))
    kube_proxy.faults.append(Slow(("/builds", "watch="), times=100, pause=0.3))
    put = world.put(commit=commit)
    assert hold.struck.wait(60)
    # Build #2, of another commit, is made before the annotation arrives; then the Image is set back.
    world.revise(other)
    world.kpack.wait_build(world.namespace, "app", 2)
    world.kpack.pause()
    world.revise(commit)
    hold.release()
    put.wait_line("triggering a new build: build #2 came between")
    world.kpack.resume()
    answer = put.answer
    builds = world.builds()
    assert [revision_of(build) for build in builds] == [commit, other, commit]
    assert answer["version"] == {"image": image_of(builds[2])}


@pytest.mark.parametrize("times", [1, release(3)])
def test_a_conflict_is_read_and_written_again(world, kube_proxy, times):
    world.built(world.commit("one"))
    world.behind(kube_proxy)
    kube_proxy.faults += [hold := Hold("/images/app", method="PATCH")] + [
        Status("/images/app", method="PATCH", status=409, body=kube_proxy.status_body(409, "Conflict"))] * (times - 1)
    second = world.commit("two")
    put = world.put(commit=second, env={"OURS": "1"})
    assert hold.struck.wait(60)
    env = [{"name": "THEIRS", "value": "1"}]
    world.admin.patch("images", "app", {"spec": {"build": {"env": env}}}, world.namespace)
    hold.release()
    answer = put.answer
    assert world.now()["spec"]["build"]["env"] == [*env, {"name": "OURS", "value": "1"}]
    assert revision_of(world.builds()[-1]) == second
    assert answer["version"] == {"image": image_of(world.builds()[-1])}


@pytest.mark.release
def test_an_answer_that_was_lost_changes_nothing(world, kube_proxy):
    world.built(world.commit("one"))
    world.behind(kube_proxy)
    kube_proxy.faults.append(Drop("/images/app", method="PATCH", after=True))
    put = world.put(commit=world.commit("two"))
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert len(world.builds()) == 2


@pytest.mark.parametrize("fault", [
    pytest.param(lambda proxy, what: WatchError((what, "watch="), events=1), id="expired in an event"),
    pytest.param(lambda proxy, what: Status((what, "watch="), status=410, body=proxy.status_body(410, "Expired")),
                 id="expired at once"),
    pytest.param(lambda proxy, what: Cut((what, "watch="), after=700), id="cut in an event"),
    pytest.param(lambda proxy, what: Cut((what, "watch="), after=0, end=True), id="ended", marks=pytest.mark.release),
])
@pytest.mark.parametrize("what", [release("/images"), "/builds", release("/pods")])
def test_a_watch_that_breaks_goes_on(world, kube_proxy, fault, what):
    world.built(world.commit("one"))
    world.behind(kube_proxy)
    kube_proxy.faults.append(struck := fault(kube_proxy, what))
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    put = world.put(commit=world.commit("two"))
    put.wait_line("===> BUILD")
    assert struck.struck.is_set()
    play.release()
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}


def test_a_watch_of_garbage_is_told(world, kube_proxy):
    world.built(world.commit("one"))
    world.behind(kube_proxy)
    kube_proxy.faults.append(WatchGarbage(("/builds", "watch=")))
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    put = world.put(commit=world.commit("two"))
    assert put.error == "cannot read an event of the watch of builds (kpack.io): it is not JSON at byte 1"
    play.release()


@pytest.mark.parametrize("silent", [False, release(True)])
def test_a_cluster_that_is_lost_for_a_while_is_waited_for(world, kube_proxy, silent):
    world.built(world.commit("one"))
    world.behind(kube_proxy)
    play = world.kpack.next_build("app", BuildPlay(hold="build", lines={"build": ["before"], "export": ["after"]}))
    put = world.put(commit=world.commit("two"))
    put.wait_line("before")
    kube_proxy.lose(silent=silent)
    play.release()
    world.kpack.wait_build(world.namespace, "app", 2)
    time.sleep(5)
    kube_proxy.restore()
    if silent:
        # What was asked before is never answered: a person would wait for the bound on silence.
        kube_proxy.cut_all()
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert [put.lines.count(line) for line in ("before", "after")] == [1, 1]


@pytest.mark.release
def test_an_apiserver_that_forgets_its_history_is_listed_again(world, kube_server):
    world.built(world.commit("one"))
    play = world.kpack.next_build("app", BuildPlay(hold="build", lines={"build": ["before"]}))
    put = world.put(commit=world.commit("two"))
    put.wait_line("before")
    kube_server.forget_history()
    play.release()
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert put.lines.count("before") == 1


@pytest.mark.parametrize("after", [release(1), release(40), 100, release(250)])
@pytest.mark.parametrize("end", [False, release(True)], ids=["broken", "as if it were whole"])
def test_a_log_that_is_cut_is_shown_once_and_whole(world, kube_proxy, after, end):
    world.built(world.commit("one"))
    world.behind(kube_proxy)
    kube_proxy.faults.append(cut := Cut(("/log", "container=build"), after=after, end=end))
    lines = [f"line {number} of the build" for number in range(20)]
    world.kpack.next_build("app", BuildPlay(lines={"build": lines}, pace=0.02))
    put = world.put(commit=world.commit("two"))
    assert put.answer and cut.struck.is_set()
    at = put.lines.index("===> BUILD")
    assert put.lines[at + 1:at + 21] == lines
    assert put.lines[at + 21] == "===> EXPORT"


@pytest.mark.release
def test_a_last_line_without_newline_is_shown(world):
    world.built(world.commit("one"))
    world.kpack.next_build("app", BuildPlay(write={"build": lambda log: log.write(b"the end")}))
    put = world.put(commit=world.commit("two"))
    assert put.answer
    assert put.lines[put.lines.index("===> EXPORT") - 1] == "the end"


def test_a_pod_that_is_gone_is_made_anew_and_followed(world):
    world.built(world.commit("one"))
    play = world.kpack.next_build("app", BuildPlay(hold="build", lines={"build": ["first try"]}))
    put = world.put(commit=world.commit("two"))
    put.wait_line("first try")
    pod = world.builds()[1]["status"]["podName"]
    world.kpack.next_build("app", BuildPlay(lines={"build": ["second try"]}))
    world.admin.delete("pods", pod, world.namespace)
    play.release()
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert "warning: the pod of the build was replaced: the build begins again" in put.lines
    assert "second try" in put.lines


def test_a_slow_controller_and_one_that_restarts_are_waited_for(world):
    world.built(world.commit("one"))
    world.kpack.pause()
    put = world.put(commit=world.commit("two"))
    put.wait_line("waiting: kpack has not looked at the change yet")
    world.kpack.latency = 0.3
    world.kpack.resume()
    world.kpack.restart()
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}


def test_a_variable_that_no_pod_can_have_is_told_and_then_corrected(world):
    commit = world.commit("one")
    both = {"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    world.built(world.commit("zero"), build={"env": [both]})
    put = world.put(commit=commit)
    error = put.error
    assert error.startswith("cannot build the Image app: build #2: no pod can be made of it: ")
    assert "valueFrom" in error and error.endswith("; correct the Image (env, resources, service account) and put again")
    put = world.put(commit=commit, env={"A": "1"})
    assert put.answer["version"] == {"image": image_of(world.builds()[2])}


def test_a_repository_that_cannot_be_reached_is_told_before_kpack_hears_of_it(world):
    world.built(world.commit("one"))
    world.admin.patch("images", "app", {"spec": {"source": {"git": {"url": "http://127.0.0.1:1/app.git"}}}}, world.namespace)
    put = world.put(commit="f" * 40)
    error = put.error
    assert error.startswith("cannot look up the commit in http://127.0.0.1:1/app.git: ")
    assert error.endswith("; set source.git.lookup: false where only the cluster reaches it")
    assert "f" * 40 not in str(world.now())


def test_a_commit_that_is_not_there_is_told_before_kpack_hears_of_it(world):
    world.built(world.commit("one"))
    put = world.put(commit="f" * 40)
    assert put.error == (f"cannot read params.commitish: there is no {'f' * 40} in {world.url}; push it first, or check that "
                         "the Image is of this repository")
    assert len(world.builds()) == 1
    put = world.put(commit="f" * 40, changed_source={"git": {"lookup": False}}, wait=False)
    assert put.answer and "f" * 40 in str(world.now())


def test_an_image_that_is_deleted_meanwhile_is_told(world):
    play = world.kpack.next_build("app", BuildPlay(hold="build"))
    world.image(world.commit("one"))
    assert play.began.wait(60)
    put = world.put(commit=world.commit("two"))
    put.wait_line("behind build #1")
    world.admin.delete("images", "app", world.namespace)
    assert put.error == "cannot build the Image app: the Image was deleted; put again"


@pytest.mark.release
def test_puts_of_one_commit_at_the_same_time_have_one_answer(world):
    world.built(world.commit("one"))
    commit = world.commit("two")
    puts = [world.put(commit=commit) for _ in range(4)]
    answers = {put.answer["version"]["image"] for put in puts}
    assert answers == {image_of(world.builds()[1])}
    assert eventually(lambda: len(world.builds()) == 2)
