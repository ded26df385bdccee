"""pipelines/applications.yml with its example vars: a list of applications becomes a pipeline for each, which builds."""

import json

import pytest

from support.git_server import Repository
from support.story import Story


class Platform(Story):
    name, code = "applications", "shop"

    def list(self, *names: str) -> None:
        path = self.work / "git/platform.git"
        self.platform = getattr(self, "platform", None) or Repository(path)
        self.platform.commit("Applications", {"applications.yml": json.dumps(
            [{"name": name, "branch": "main", "namespace": name} for name in names])})

    def of(self, name: str):
        return self.concourse.pipelines["application", json.dumps({"name": name})]


@pytest.fixture
def platform(as_root, programs, tmp_path):
    with Platform(tmp_path, programs) as platform:
        yield platform


def test_each_application_on_the_list_has_a_pipeline_that_builds_it(platform):
    platform.commit("The shop")
    platform.list("petclinic", "shop")
    assert [build.expect().job["name"] for build in platform.pipeline.tick()] == ["set-pipelines"]
    put = platform.of("shop").run_job("build").expect().step("petclinic-image", "put")
    assert "<h1>Welcome</h1>" in platform.page_of(f"{platform.registry.host}/acme/shop@{put.version['digest']}")

    platform.list("shop", "stock")
    assert [build.expect().job["name"] for build in platform.pipeline.tick()] == ["set-pipelines"]
    assert [platform.of(name).archived for name in ("petclinic", "shop", "stock")] == [True, False, False]
    assert platform.pipeline.tick() == []
