"""A put on the bench: a builder root with one buildpack of the test's own, an application, a container to build in.

    bench = PutBench(programs, tmp_path, registry.host).builder(build="echo building")
    outcome = bench.put()
"""

import contextlib
import os
import pathlib

from support import log_rules, make_roots, screens
from support.concourse import RootDirectory
from support.concourse.container import PATH, Outcome
from support.program import Result

BUILDPACK = """
api = "0.10"
[buildpack]
id = "tests/{name}"
version = "1.0.0"
name = "{name}"
[[targets]]
os = "linux"
"""
# What a run image says of itself; its repository is run, its tag base.
RUN_CONFIG = {"User": "1000:1000",
              "Labels": {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}}


class PutBench:
    """`host` is the registry that the image goes to; the run image is on `run_host`, the same one where none is named."""

    def __init__(self, programs: pathlib.Path, tmp: pathlib.Path, host: str, run_host: str = ""):
        self.programs = programs
        self.tmp = tmp
        self.host = host
        self.run_host = run_host or host
        self.container = None

    def builder(self, detect: str = "exit 0", build: str = "exit 0"):
        folder = self.tmp / "buildpack"
        (folder / "bin").mkdir(parents=True)
        (folder / "buildpack.toml").write_text(BUILDPACK.format(name="own"))
        for name, script in (("detect", detect), ("build", build)):
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / "bin" / name).chmod(0o755)
        made = make_roots.make_builder(self.tmp / "builder", run_image=f"{self.run_host}/run:base", buildpacks=[folder],
                                       order=[["tests/own"]])
        self.container = RootDirectory(made.root, self.programs, made.environment).new_container(self.tmp / "container")
        volume, self.inputs = self.container.volume("put")
        self.application = volume / "app"
        self.application.mkdir()
        (self.application / "file").write_text("an application\n")
        return self

    def request(self, source: dict | None = None, **params) -> dict:
        return {"source": {"repository": f"{self.host}/app", "tag": "main", **(source or {})},
                "params": {"source": "app", **params}}

    def put(self, request: dict | None = None, **options) -> Outcome:
        env = {"PATH": PATH, "HOME": "/root", **screens.ENVIRONMENT}
        outcome = self.container.run("out", [self.inputs], request or self.request(), env, **options)
        screens.keep("out", outcome.status, outcome.stdout.decode(errors="replace"), outcome.stderr)
        log_rules.require_readable("out", outcome.status, outcome.stderr)
        return outcome

    def refused(self, outcome: Outcome) -> str:
        """The one line that says why; nothing is on stdout or left in the container's temporary directory."""
        assert outcome.status > 0 and outcome.stdout == b"", outcome.stderr
        assert sorted(path.name for path in self.container.tmp.iterdir()) == ["build"]
        return Result(outcome.status, "", outcome.stderr).error

    def process_ids(self) -> list[int]:
        """What still runs in the container's root."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):  # it ended meanwhile
                if entry.name.isdigit() and os.readlink(entry / "root") == str(self.container.root):
                    found.append(int(entry.name))
        return found

    def processes(self) -> list[str]:
        """Their command lines."""
        found = []
        for number in self.process_ids():
            with contextlib.suppress(OSError):
                found.append(pathlib.Path(f"/proc/{number}/cmdline").read_text().replace("\0", " "))
        return found


def says(line: str, *parts: str) -> None:
    missing = [part for part in parts if part.lower() not in line.lower()]
    assert not missing, f"{missing} not in: {line}"
