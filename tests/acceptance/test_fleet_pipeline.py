"""pipelines/fleet.yml as it stands, on docker-registry, a git server and a real kube-apiserver with a real kubectl."""

import os
import subprocess

import pytest

from support.example_vars import example_vars
from support.fleet_story import FleetStory
from support.kube.fixtures import kube_server  # noqa: F401 (a fixture)

ALL = [("canary", "succeeded"), ("canary-rollout", "succeeded"), ("rest", "succeeded"), ("rollout", "succeeded")]


@pytest.fixture
def story(programs, kube_server, tmp_path):  # noqa: F811
    with FleetStory(tmp_path, programs, server=kube_server) as story:
        yield story


def played(story) -> list:
    return [(build.job["name"], build.status) for build in story.builds]


def tick(story) -> list:
    story.builds = story.pipeline.tick()
    return played(story)


def test_a_patched_base_reaches_every_cluster_by_way_of_a_canary_and_goes_back(story):
    before = story.deployed()
    assert tick(story) == ALL
    assert story.deployed() == before  # nothing was behind

    story.patch_base()
    assert tick(story) == ALL
    canary, _, rest, rollout = story.builds
    assert canary.step("fleet", "put").facts["rebased"] == "1" and rest.step("fleet", "put").facts["rebased"] == "3"
    assert "openssl 3.0.11-1 -> 3.0.15-1" in canary.log and "openssl" in story.report(rest)
    assert "what the put moved runs in 3 workloads: deployment/" in rollout.log
    assert "production: deploying what the put moved" in rollout.log and "deployment/ledger in " in rollout.log  # the canary, too
    assert story.deployed() == story.tagged()
    assert not set(story.deployed().values()) & set(before.values())
    assert tick(story) == []

    # Back again, to the first version that the pipeline made.
    assert story.go_back(story.versions()[0]).expect().step("fleet", "get").facts["rolled back"] == "4"
    assert story.deployed() == before


def test_the_rest_gets_the_base_that_was_tested_and_not_a_newer_one(story):
    tick(story)
    tested = story.patch_base()
    for job in ("canary", "canary-rollout"):
        story.pipeline.run_job(job).expect()
    newer = story.patch_base("3.0.16-1")
    story.pipeline.run_job("canary").expect()
    rest = story.pipeline.run_job("rest").expect()
    assert rest.inputs["run-image"]["digest"] == tested != newer


def test_a_deployment_that_does_not_become_ready_is_taken_back_with_the_reason(story):
    tick(story)
    before = story.deployed()
    story.patch_base()
    canary = story.pipeline.run_job("canary").expect()
    assert canary.step("fleet", "put").facts["rebased"] == "1"
    story.deployments.broken[story.tagged()["ledger"]] = "ErrImagePull"
    build = story.pipeline.run_job("canary-rollout").wait()
    assert build.status == "failed"
    last = build.log.splitlines()[-1]
    assert "deployment/ledger in " in last and "ErrImagePull" in last and last.endswith("; what ran before runs again")
    assert story.deployed() == before
    assert story.password not in build.log


@pytest.mark.release
def test_the_demo_tells_the_operators_story_to_its_end(as_root, programs, project, tmp_path):
    command = ["/usr/bin/python3", "-m", "support.demo", str(programs), str(tmp_path / "demo"), "--fleet"]
    environment = {**os.environ, "PYTHONPATH": str(project / "tests"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("openssl 3.0.11-1 -> 3.0.15-1", "all 20 Deployments run their image on the patched base", "what they ran before"):
        assert words in done.stdout
    assert example_vars("fleet")["registry_password"] not in done.stdout + done.stderr
