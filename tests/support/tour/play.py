"""The story, played for its pictures: a first build, an edited message, a patched base."""

import pathlib
import time

from support.concourse import Observer
from support.tour import pages
from support.story import Story


class Stopwatch(Observer):
    """When each line of each step came."""

    def __init__(self):
        self.times: dict[str, list[float]] = {}
        self._step = ""

    def began(self, kind: str, name: str, program: str, request: dict) -> None:
        self._step = f"{kind} {name}"
        self.times[self._step] = []

    def wrote(self, text: str) -> None:
        self.times[self._step] += [time.time()] * text.count("\n")


def play(work: pathlib.Path, programs: pathlib.Path) -> dict[str, str]:
    """The pages by the names of their files."""
    watch = Stopwatch()
    with Story(work, programs, watch) as story:
        story.commit("Welcome our visitors")
        _expect(story.pipeline.tick())
        story.commit("Greet in spring", story.application.saying("Welcome to the spring"))
        _expect(story.pipeline.tick())
        # The page of this build, before the next one: its log is the one that is shown.
        build = pages.build_page(story.pipeline, "build", 2, "petclinic-image", watch.times)
        story.publish_base("2")
        _expect(story.pipeline.tick())
        return {"build.svg": build, "resource.svg": pages.resource_page(story.pipeline, "petclinic-image"),
                "pipeline.svg": pages.pipeline_page(story.pipeline)}


def _expect(builds: list) -> None:
    for build in builds:
        build.expect()
