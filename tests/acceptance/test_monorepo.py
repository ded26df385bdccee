"""pipelines/monorepo.yml with its example vars: two applications and what they share, in one repository, by real commits."""

import pytest

from support.story import SMALL, Story

TEMPLATE = "<h1>$welcome</h1><p>version $base_version of the base, shared {}</p>"


class Monorepo(Story):
    """customers/ and visits/ are the small application, whose page both take from shared/ when they are built."""

    name, code = "monorepo", "services"

    def commit_files(self, message: str, files: dict) -> str:
        return self.repository.commit(message, files)

    def begin(self) -> None:
        files = {"shared/page.html": TEMPLATE.format("one"), "visits/docs/notes.md": "one"}
        for name in ("customers", "visits"):
            files |= {f"{name}/server.py": (SMALL.path / "server.py").read_text(),
                      f"{name}/messages.properties": f"welcome=Our {name}\n",
                      f"{name}/welcome.html": ("120000", "../shared/page.html")}
        self.commit_files("Two applications", files)

    def tick(self) -> dict[str, str]:
        """One beat of Concourse: which jobs ran, and what their put did."""
        builds = [build.expect() for build in self.pipeline.tick()]
        return {build.job["name"]: build.step(f"{build.job['name']}-image", "put").facts["reason"] for build in builds}

    def page_at(self, name: str) -> str:
        version = self.pipeline.resource(f"{name}-image").history.latest.version
        return self.page_of(f"{self.registry.host}/acme/{name}@{version['digest']}")


@pytest.fixture
def monorepo(as_root, programs, tmp_path):
    with Monorepo(tmp_path, programs) as monorepo:
        monorepo.begin()
        yield monorepo


def test_a_commit_builds_the_applications_that_it_touches_and_one_to_what_they_share_builds_both(monorepo):
    assert monorepo.tick() == {"customers": "CONFIG", "visits": "CONFIG"}
    assert "<h1>Our customers</h1>" in monorepo.page_at("customers") and "shared one" in monorepo.page_at("visits")

    monorepo.commit_files("Visits alone", {"visits/messages.properties": "welcome=Your visits\n"})
    assert monorepo.tick() == {"visits": "COMMIT"}
    assert "<h1>Your visits</h1>" in monorepo.page_at("visits")

    monorepo.commit_files("What both share", {"shared/page.html": TEMPLATE.format("two")})
    assert monorepo.tick() == {"customers": "COMMIT", "visits": "COMMIT"}
    assert all("shared two" in monorepo.page_at(name) for name in ("customers", "visits"))

    monorepo.commit_files("Documents and neighbours", {"visits/docs/notes.md": "two", "README.md": "two"})
    assert monorepo.tick() == {}

    monorepo.publish_base("2")
    assert monorepo.tick() == {"customers": "STACK", "visits": "STACK"}
    page = monorepo.page_at("visits")
    assert "<h1>Your visits</h1>" in page and "version 2 of the base, shared two" in page
