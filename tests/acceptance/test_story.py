"""The project's proof: an edit and a commit become a page that says the new words, through pipelines/petclinic.yml."""

import os
import subprocess

import pytest

from support.example_vars import example_vars
from support.story import Story

SECRETS = [example_vars("petclinic")[name] for name in ("registry_password", "git_password")]


@pytest.fixture(scope="module")
def story(as_root, programs, tmp_path_factory):
    with Story(tmp_path_factory.mktemp("story"), programs) as story:
        yield story


def jobs(builds) -> list[tuple[str, str]]:
    return [(build.job["name"], build.status) for build in builds]


def played(story) -> list:
    """One beat of Concourse, in which everything that ran must have succeeded."""
    return [build.expect() for build in story.pipeline.tick()]


def facts(story) -> dict[str, str]:
    """What the page of Concourse shows: it comes from `in`, after the put."""
    return story.pipeline.resource("petclinic-image").history.latest.facts


def test_the_story(story):
    """One test, for its chapters follow from each other."""
    # A commit becomes an image, and the image a page.
    first = story.commit("Welcome our visitors")
    builds = played(story)
    assert jobs(builds) == [("build", "succeeded"), ("deploy", "succeeded")]
    build = builds[0]
    assert build.step("petclinic-source").version == {"ref": first}
    put = build.step("petclinic-image", "put")
    assert set(put.version) == {"tag", "digest"} and put.version["tag"] == "main"
    assert story.deployed == f"{story.registry.host}/acme/petclinic@{put.version['digest']}"
    assert "<h1>Welcome</h1>" in story.page() and "version 1 " in story.page()
    assert facts(story)["build"] == "#1" and facts(story)["commit"] == first

    # Nothing new: nothing runs.
    assert played(story) == []

    # An edited message: the page says the new words.
    old = story.deployed
    second = story.commit("Greet in spring", story.application.saying("Welcome to the spring"))
    builds = played(story)
    assert jobs(builds) == [("build", "succeeded"), ("deploy", "succeeded")]
    assert builds[0].step("petclinic-source").version == {"ref": second}
    assert story.deployed != old
    assert "<h1>Welcome to the spring</h1>" in story.page()
    assert facts(story)["reason"] == "COMMIT" and facts(story)["commit"] == second
    # The base and the interpreter are the layers they were; what changed is the application's.
    assert len(set(story.layers(story.deployed)) & set(story.layers(old))) >= 3

    # A patched base image is a rebase: every layer of the application stays, and the developer has done nothing.
    old = story.deployed
    patched = story.publish_base("2")
    builds = played(story)
    assert jobs(builds) == [("build", "succeeded"), ("deploy", "succeeded")]
    assert builds[0].step("run-image").version["digest"] == patched
    assert story.deployed != old
    assert "===> REBASING" in builds[0].log and "===> BUILDING" not in builds[0].log
    assert facts(story)["build"] == "#3 (rebase)" and facts(story)["reason"] == "STACK"
    page = story.page()
    assert "<h1>Welcome to the spring</h1>" in page and "version 2 " in page
    before, after = story.layers(old), story.layers(story.deployed)
    assert before[2:] == after[2:] and before[:2] != after[:2]
    assert story.base_version() == "2"
    assert [line.split()[3] for line in story.builds()[1:]] == ["CONFIG", "COMMIT", "STACK"]

    # The cluster cannot start an image: the task says why, rolls back, and fails.
    story.commit("Say something else", story.application.saying("Broken"))
    good = story.deployed
    build = story.pipeline.run_job("build").expect()
    story.break_on_cluster(f"{story.registry.host}/acme/petclinic@{build.step('petclinic-image').version['digest']}")
    (failed,) = story.pipeline.tick()
    assert jobs([failed]) == [("deploy", "failed")] and story.deployed == good
    last = failed.log.splitlines()[-1]
    assert "ErrImagePull" in last and last.endswith("; what ran before runs again")

    assert facts(story)["digest"] == build.step("petclinic-image").version["digest"]


def test_no_step_left_a_credential_in_a_log(story):
    logs = "".join(build.log for job in ("build", "deploy") for build in story.pipeline.builds(job))
    assert "===> BUILDING" in logs
    assert not [secret for secret in SECRETS if secret in logs]


def test_the_demo_tells_the_story_to_its_end(as_root, programs, project, tmp_path):
    command = ["/usr/bin/python3", "-m", "support.demo", str(programs), str(tmp_path / "demo")]
    environment = {**os.environ, "PYTHONPATH": str(project / "tests"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("Welcome to the spring", "===> REBASING", "a patched base image", "nothing is left behind"):
        assert words in done.stdout
    assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]
    # A table, whose rows name the three builds and why they were made.
    rows = [line.split() for line in done.stdout.splitlines() if " SUCCESS " in line]
    assert [(row[0], row[3]) for row in rows] == [("1", "CONFIG"), ("2", "COMMIT"), ("3", "STACK")]
