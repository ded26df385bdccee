"""The story with someone watching: each step named, each request and answer shown, each log as it is written."""

import json
import os
import pathlib
import re
import signal
import sys
import textwrap
import time

from support.concourse import Observer
from support.fleet_story import LARGE, FleetStory
from support.kpack_story import KpackStory
from support.make_roots import RootError
from support.program import ANSI
from support.push_image import PushError
from support.run_image import RunError
from support.story import SMALL, SPRING, Story

COLOURS = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
HIDDEN = {"username", "password", "kubeconfig"}


def style(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if COLOURS else text


def bold(text: str) -> str:
    return style("1", text)


def dim(text: str) -> str:
    return style("2", text)


def say(text: str = "") -> None:
    print(textwrap.indent(text, "    ") if text else "", flush=True)


def short(document) -> str:
    """A request or an answer on one line: without credentials, digests and ids shortened."""

    def shorten(node):
        if isinstance(node, dict):
            return {name: "..." if name in HIDDEN else shorten(value) for name, value in node.items()}
        if isinstance(node, list):
            return [shorten(item) for item in node[:3]] + ([f"and {len(node) - 3} more"] if len(node) > 3 else [])
        if isinstance(node, str):
            return re.sub(r"\b([0-9a-f]{10})[0-9a-f]{30,54}\b", r"\1...", node)
        return node

    return json.dumps(shorten(document))


class Narrator(Observer):
    def __init__(self):
        self._rest = ""

    def began(self, kind: str, name: str, program: str, request: dict) -> None:
        say()
        if kind == "task":
            say(f"{bold('task')} {name}")
        else:
            say(f"{bold(kind)} {name}: /opt/resource/{program} {dim('<')} {short(request)}")

    def wrote(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._line(line)

    def ended(self, outcome) -> None:
        if self._rest:
            self._line(self._rest)
            self._rest = ""
        answer = outcome.stdout.decode(errors="replace").strip()
        try:
            document = json.loads(answer)
            answer = short(document["version"] if isinstance(document, dict) else document)
        except ValueError:
            for line in answer.splitlines():
                self._line(line)
            answer = ""
        end = style("32", "ok") if outcome.status == 0 else style("31", f"exit status {outcome.status}")
        say(f"{end} {dim(f'{outcome.seconds:.2f} s')} {dim('>') if answer else ''} {answer}".rstrip())

    @staticmethod
    def _line(line: str) -> None:
        print(f"    {dim('|')} {line if COLOURS else ANSI.sub('', line)}", flush=True)


class Teller:
    """Counts the chapters and plays what Concourse does in them."""

    def __init__(self, story: Story):
        self.story = story
        self.chapters = 0
        self.times: list[tuple[str, float]] = []

    def chapter(self, title: str, text: str = "") -> None:
        self.chapters += 1
        print(f"\n{style('1;36', f'{self.chapters:2}  {title}')}", flush=True)
        if text:
            say(dim(textwrap.fill(text, 108)))

    def concourse(self, what: str) -> None:
        """What changed is found, built and rolled out: nobody but Concourse does anything here."""
        began = time.monotonic()
        builds = self.story.pipeline.tick()
        failed = [build for build in builds if build.status != "succeeded"]
        if failed or not builds:
            sys.exit(f"demo: {'build failed: ' + str(failed[0].error) if failed else 'Concourse found nothing new'}")
        self.times.append((what, time.monotonic() - began))
        put = builds[0].step("petclinic-image", "put")
        say()
        say(f"the digest in the pipeline: {bold(put.version.get('digest') or put.version['image'])}")
        facts = self.story.pipeline.resource("petclinic-image").history.latest.facts
        shown = [f"{name} {facts[name]}" for name in ("build", "reason", "subject", "layers", "size", "duration") if name in facts]
        say(dim(textwrap.fill("on its page: " + ", ".join(shown), 100)))

    def page(self, *expected: str) -> None:
        page = self.story.page()
        say("the image runs, and its page says:")
        for line in re.findall(r"<(?:h1|p)>(.*?)</(?:h1|p)>", page):
            say("  " + style("1;32", line))
        for words in expected:
            if words not in page:
                sys.exit(f"demo: the page does not say {words!r}:\n{page}")


def tell(story: Story) -> None:
    teller = Teller(story)
    teller.chapter("The servers", "A git server, a registry that wants a password, a builder's root, a base image. All on loopback.")
    say(f"git       {story.git.url('petclinic')}")
    say(f"registry  {story.registry.host}")
    say("pipeline  pipelines/petclinic.yml, played by a stand-in for Concourse")

    teller.chapter("A developer commits the application", "It has no Dockerfile.")
    say(f"commit {story.commit('Welcome our visitors')[:10]}  Welcome our visitors")
    teller.chapter("Concourse sees the commit, builds and rolls out")
    teller.concourse("a first commit, built cold")
    teller.page("Welcome")

    teller.chapter("The developer edits the words and commits", f"One line of {story.application.messages}.")
    commit = story.commit("Greet in spring", story.application.saying("Welcome to the spring"))
    say(f"commit {commit[:10]}  Greet in spring")
    teller.chapter("Concourse sees the commit, builds and rolls out")
    teller.concourse("an edited message")
    teller.page("Welcome to the spring")

    before = story.deployed
    teller.chapter("A hole is found in the base image", "The operator publishes a patched one. The developer does nothing.")
    say(f"pushed {story.registry.host}/run:base, digest {story.publish_base('2')}")
    teller.chapter("Concourse sees the new base, and the application follows")
    teller.concourse("a patched base image")
    teller.page("Welcome to the spring")
    if story.base_version() != "2":
        sys.exit("demo: the image does not stand on the patched base")
    old, new = story.layers(before), story.layers(story.deployed)
    say(f"of {len(new)} layers {len(set(old) & set(new))} are the same digests as before")

    teller.chapter("What was built, and why", "in of the image with builds: 10; no cluster and no kpack is asked.")
    for line in story.builds():
        build, status, image, reason, commit, _ = line.replace("BUILT IMAGE", "BUILT-IMAGE").split()
        name = re.sub(r"(@sha256:.{10}).*", r"\1...", image.replace("-IMAGE", " IMAGE"))
        say(f"{build:8} {status:8} {name:60} {reason:8} {commit}")

    print(f"\n{style('1;36', '    From change to rollout')}")
    for what, seconds in teller.times:
        say(f"{what:32} {seconds:6.2f} s")
    say()
    say("The servers are stopped and nothing is left behind.")


def tell_kpack(story: KpackStory) -> None:
    teller = Teller(story)
    teller.chapter("The servers", "A git server, a registry, a Kubernetes API with kpack's CRDs and a stand-in for kpack. All on "
                   "loopback.")
    say(f"git       {story.git.url('petclinic')}")
    say(f"registry  {story.registry.host}")
    say(f"cluster   {story.server.url}, namespace {story.namespace}; the pipeline's token has the Role of docs/kpack-rbac.yaml")
    say("pipeline  pipelines/petclinic-kpack.yml, played by a stand-in for Concourse")

    teller.chapter("A developer commits the application", "There is no Image yet: the put creates it.")
    say(f"commit {story.commit('Welcome our visitors')[:10]}  Welcome our visitors")
    teller.chapter("Concourse sees the commit, kpack builds, the digest is rolled out")
    teller.concourse("a first commit")
    say(f"the cluster runs {bold(story.deployed)}")

    teller.chapter("The developer edits the words and commits", f"One line of {story.application.messages}.")
    commit = story.commit("Greet in spring", "Welcome to the spring")
    say(f"commit {commit[:10]}  Greet in spring")
    teller.chapter("Concourse sees the commit, kpack builds, the digest is rolled out")
    teller.concourse("an edited message")

    teller.chapter("The pipeline names another builder", "As kp image patch --cluster-builder does, with the next put.")
    story.set_pipeline(story.make_builder("full", {"acme/java": "2.0.0", "acme/spring-boot": "2.3.0"}))
    story.commit("Say it again", "Welcome once more")
    teller.concourse("another builder and a commit")

    teller.chapter("What was built, and why", "in of the image with builds: 10")
    for line in story.builds():
        say(re.sub(r"(@sha256:.{10})[0-9a-f]*", r"\1...", line))

    print(f"\n{style('1;36', '    From change to rollout')}")
    for what, seconds in teller.times:
        say(f"{what:32} {seconds:6.2f} s")
    say()
    say("The servers are stopped and nothing is left behind.")


def tell_fleet(story: FleetStory) -> None:
    teller = Teller(story)

    def beat() -> list:
        began = time.monotonic()
        builds = story.pipeline.tick()
        failed = [build for build in builds if build.status != "succeeded"]
        if failed or not builds:
            sys.exit(f"demo: {'build failed: ' + str(failed[0].error) if failed else 'Concourse found nothing new'}")
        teller.times.append((", ".join(build.job["name"] for build in builds), time.monotonic() - began))
        return builds

    teller.chapter("The servers", "A registry that wants a password, a Kubernetes API, a git server for the tasks. All on loopback.")
    say(f"registry  {story.registry.host}")
    say(f"cluster   {story.server.url}, namespace {story.namespace}")
    say("pipeline  pipelines/fleet.yml, played by a stand-in for Concourse")

    teller.chapter(f"{len(story.applications)} applications stand on one base, and each is deployed", ", ".join(story.applications) + ".")
    beat()
    before = story.deployed()

    teller.chapter("A hole is found in the base image", "The operator publishes a patched one. No developer does anything.")
    say(f"pushed {story.registry.host}/run:base, digest {story.patch_base()}")
    teller.chapter("A canary, its rollout and its test; then the rest, and every cluster")
    builds = beat()
    if story.deployed() != story.tagged() or set(story.deployed().values()) & set(before.values()):
        sys.exit("demo: not every Deployment runs the patched image")
    say()
    say(style("1;32", f"all {len(story.applications)} Deployments run their image on the patched base"))

    teller.chapter("The report", "report.md of the put that moved the rest; report.html beside it is for a browser.")
    put = next(build for build in builds if build.job["name"] == "rest")
    for line in story.report(put).splitlines()[:34]:
        say(dim(line))
    say("...")

    teller.chapter("The way back", "A person pins the fleet's first version and starts the job back.")
    story.go_back(story.versions()[0]).expect()
    if story.deployed() != before:
        sys.exit("demo: not every Deployment went back")
    say()
    say(style("1;32", f"all {len(story.applications)} Deployments run what they ran before"))

    print(f"\n{style('1;36', '    How long it took')}")
    for what, seconds in teller.times:
        say(f"{what:48} {seconds:6.2f} s")
    say()
    say("The servers are stopped and nothing is left behind.")


def main() -> int:
    programs, work = map(pathlib.Path, sys.argv[1:3])
    application = SPRING if sys.argv[3:] == ["--spring"] else SMALL
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if sys.argv[3:] == ["--kpack"]:
            with KpackStory(work, programs, Narrator(), pace=0.1) as story:
                tell_kpack(story)
            return 0
        if sys.argv[3:] == ["--fleet"]:
            with FleetStory(work, programs, Narrator(), LARGE) as story:
                tell_fleet(story)
            return 0
        with Story(work, programs, Narrator(), application) as story:
            tell(story)
    except (RootError, PushError, RunError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
