"""The story with kpack as its engine, through pipelines/petclinic-kpack.yml."""

from support.kpack_story import KpackStory


def played(story) -> list:
    """One beat of Concourse, in which everything that ran must have succeeded."""
    return [build.expect() for build in story.pipeline.tick()]


def jobs(builds) -> list[str]:
    return [build.job["name"] for build in builds]


def facts(story) -> dict[str, str]:
    return story.pipeline.resource("petclinic-image").history.latest.facts


def test_the_story_with_kpack(programs, kube_server, tmp_path):
    """One test, for its chapters follow from each other."""
    with KpackStory(tmp_path, programs, server=kube_server) as story:
        # A commit becomes an Image that was not there, its build, and a rollout by digest.
        first = story.commit("Welcome our visitors")
        builds = played(story)
        assert jobs(builds) == ["update-build-service-image", "deploy"]
        put = builds[0].step("petclinic-image", "put")
        assert story.deployed == put.version["image"]
        assert story.deployed.startswith(f"{story.registry.host}/acme/petclinic@sha256:")
        for step in ("PREPARE", "ANALYZE", "DETECT", "RESTORE", "BUILD", "EXPORT"):
            assert f"===> {step}" in builds[0].log
        assert facts(story)["build"] == "#1 (petclinic-build-1)" and facts(story)["commit"] == first
        assert played(story) == []

        # An edit is a build because of the commit.
        second = story.commit("Greet in spring", "Welcome to the spring")
        builds = played(story)
        assert jobs(builds) == ["update-build-service-image", "deploy"]
        assert (facts(story)["reason"], facts(story)["commit"]) == ("COMMIT", second)
        assert story.deployed == builds[0].step("petclinic-image", "put").version["image"]

        # Another builder in the pipeline: the next put changes the Image, and kpack builds because of its buildpacks.
        story.set_pipeline(story.make_builder("full", {"acme/java": "2.0.0"}))
        build = story.pipeline.run_job("update-build-service-image").expect()
        assert "- acme/java@1.0.0" in build.log and "builder.name" in build.log
        assert facts(story)["reason"] == "BUILDPACK"
        story.pipeline.tick()
        assert story.deployed == build.step("petclinic-image", "put").version["image"]
        assert [line.split()[3] for line in story.builds()[1:]] == ["CONFIG", "COMMIT", "BUILDPACK"]
        story.server.admin.delete("images", "petclinic", story.namespace)
