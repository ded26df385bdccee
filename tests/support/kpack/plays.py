"""What a build of the stand-in says and does, phase by phase."""

import dataclasses
import threading

from support.kpack.builders import invented
from support.kpack.builds import STEPS, encoded_result, is_rebase
from support.kube.kubelet import Play, Run


@dataclasses.dataclass
class BuildPlay:
    """All is well, and fast, unless told otherwise."""
    fails: str = ""  # the phase that fails
    exit_code: int = 51
    message: str = ""  # of the failing phase's termination
    hold: str = ""  # the phase that goes on until release()
    pace: float = 0.0  # seconds before each line
    step: float = 0.01  # seconds between two states of the pod
    lines: dict = dataclasses.field(default_factory=dict)  # phase to lines, instead of the usual ones
    write: dict = dataclasses.field(default_factory=dict)  # phase to a function of its ContainerLog: any bytes
    unscheduled: str = ""  # why no node takes the pod, until release()
    waiting: tuple = ()  # (phase, reason, message) that it waits for, until release(): ImagePullBackOff
    digest: str = ""  # of the image that is built; otherwise it follows from the inputs
    began: threading.Event = dataclasses.field(default_factory=threading.Event)  # its pod was seen
    _released: threading.Event = dataclasses.field(default_factory=threading.Event)

    def release(self) -> None:
        self._released.set()

    def pod_play(self, build: dict, builder: dict, push) -> Play:
        """push(build, digest) pushes to the tags, and gives the digest of what it pushed."""
        self.began.set()
        rebase = is_rebase(build, builder["status"]["stack"]["id"])
        steps = ("rebase",) if rebase else STEPS
        runs = {name: Run(pace=self.pace, hold=self._released if name == self.hold else None, write=self.write.get(name))
                for name in (*steps, "completion")}

        def say(digest: str) -> None:
            said = usual_lines(build, builder, digest)
            for name, run in runs.items():
                run.lines = self.lines.get(name, said[name])
            runs["completion"].message = encoded_result(result(build, builder, digest))

        def publish() -> None:
            say(push(build, self.digest or built_digest(build, builder)))

        say("")
        if self.fails:
            runs[self.fails].exit_code, runs[self.fails].message = self.exit_code, self.message
        if self.fails != steps[-1]:
            runs[steps[-1]].before = publish  # the image is there when its phase says so, and not before
        return Play(runs, unscheduled=self.unscheduled, waiting=self.waiting, released=self._released, step=self.step)


def repository_of(tag: str) -> str:
    head, _, last = tag.partition("@")[0].rpartition("/")
    return f"{head}/{last.partition(':')[0]}"


def built_digest(build: dict, builder: dict) -> str:
    """The same inputs give the same image."""
    spec = build["spec"]
    parts = (spec["source"], spec.get("env", []), builder["status"]["stack"]["runImage"],
             builder["status"].get("builderMetadata", []))
    return invented(repository_of(spec["tags"][0]), *map(str, parts))


def result(build: dict, builder: dict, digest: str) -> dict:
    status = builder["status"]
    cache = build["spec"].get("cache", {}).get("registry", {}).get("tag")
    return {
        "buildpackMetadata": status.get("builderMetadata", []),
        "latestImage": f"{repository_of(build['spec']['tags'][0])}@{digest}",
        "latestCacheImage": f"{repository_of(cache)}@{invented('cache', digest)}" if cache else "",
        "stackID": status["stack"]["id"], "stackRunImage": status["stack"]["runImage"],
        "lifecycleVersion": status.get("lifecycle", {}).get("version", ""),
    }


def usual_lines(build: dict, builder: dict, digest: str) -> dict[str, list[str]]:
    spec, annotations = build["spec"], build["metadata"]["annotations"]
    (kind, source), = ((name, value) for name, value in spec["source"].items() if name != "subPath")
    where = f'"{source["url"]}" @ "{source["revision"]}"' if kind == "git" else f'"{next(iter(source.values()))}"'
    buildpacks = builder["status"].get("builderMetadata", [])
    said = [f"\x1b[0m\x1b[34;1m{entry['id']} \x1b[0m\x1b[34m{entry['version']}\x1b[0m" for entry in buildpacks]
    tag = spec["tags"][0]
    return {
        "prepare": [f"Build reason(s): {annotations['image.kpack.io/reason']}",
                    "Loading registry credentials from service account secrets", "Loading cluster credential helpers",
                    f"Cloning {where}..." if kind == "git" else f"Pulling {where}...",
                    f"Successfully cloned {where} in path \"/workspace\"" if kind == "git" else f"Successfully pulled {where}"],
        "analyze": ["Restoring data for SBOM from previous image" if spec.get("lastBuild") else
                    f'Image with name "{tag}" not found'],
        "detect": [f"{len(buildpacks)} of {len(buildpacks)} buildpacks participating",
                   *(f"{entry['id']} {entry['version']}" for entry in buildpacks)],
        "restore": [f'Restoring metadata for "{entry["id"]}:layers" from app image' for entry in buildpacks] or ["no layers"],
        "build": ["", *said, "  \x1b[34mLaunch Configuration\x1b[0m:", "    $BPL_JVM_THREAD_COUNT  250"],
        "export": [f"Reusing layers from image '{tag}'" if spec.get("lastBuild") else "Adding layer 'buildpacksio/lifecycle:launcher'",
                   "Adding 1/1 app layer(s)", f"*** Images ({digest}):", *(f"      {name}" for name in spec["tags"])],
        "rebase": [f"Build reason(s): {annotations['image.kpack.io/reason']}",
                   f"Rebasing {tag} on run image {builder['status']['stack']['runImage']}", f"*** Digest: {digest}"],
        "completion": ["Build successful"],
    }
