"""A fleet of applications on one registry, and puts of it: for tests of what a put meets."""

import json
import subprocess
import time

from support.fleet import Storage
from support.program import ENVIRONMENT, Result, run_program

APPLICATIONS = 12


class Fleet:
    """Applications on an old base, and a new one. `host` is how the put reaches the registry."""

    def __init__(self, programs, server, directory, host: str = "", name: str = "acme", applications: int = APPLICATIONS):
        self.programs, self.server, self.inputs, self.name = programs, server, directory, name
        self.host = host or server.host
        self.storage = Storage(server.data, self.host)
        self.old = self.storage.base("3.0.11-1", tag="1")
        self.new = self.storage.base("3.0.15-1", tag="2")
        self.repositories = [f"{name}/app{number}" for number in range(applications)]
        self.before = {name: self.storage.application(name, "main", "3.0.11-1", self.old) for name in self.repositories}
        self.images = [f"{self.host}/{name}:main" for name in self.repositories]
        self.extra: dict = {}
        self.params: dict = {}

    @property
    def request(self) -> dict:
        source = {"fleet": {"record": f"{self.host}/{self.name}/fleet:main", "images": self.images}, **self.server.source, **self.extra}
        return {"source": source, "params": {"run_image": f"{self.host}/run:2", **self.params}}

    def put(self, timeout: float = 120, **params) -> Result:
        request = self.request
        request["params"].update(params)
        return run_program(self.programs, "out", request, self.inputs, timeout=timeout)

    def start(self) -> subprocess.Popen:
        process = subprocess.Popen([str(self.programs / "opt/resource/out"), str(self.inputs)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, cwd="/")
        process.stdin.write(json.dumps(self.request).encode())
        process.stdin.close()
        process.stdin = None
        return process

    def rewind(self) -> None:
        """Every tag as it was before the first put."""
        for repository, digest in self.before.items():
            self.storage._link(f"repositories/{repository}/_manifests/tags/main/current", digest)

    def states(self, result: Result) -> list[str]:
        return self.states_of(result.answer["version"])

    def states_of(self, version: dict) -> list[str]:
        directory = self.inputs / "images"
        got = run_program(self.programs, "in", {"source": self.request["source"], "version": version}, directory)
        assert got.status == 0, got.stderr
        return [image["state"] for image in json.loads((directory / "images.json").read_text())]

    def assert_whole(self) -> None:
        # The registry may still be writing down what the put's last request brought: its files are read right from disk.
        deadline = time.monotonic() + 10
        while not all(self.storage.is_whole(repository, "main") for repository in self.repositories):
            assert time.monotonic() < deadline, "a tag names what is not whole"
            time.sleep(0.05)

    def assert_patched(self) -> None:
        new = [layer["digest"] for layer in self.storage.document(self.new)["layers"]]
        for repository in self.repositories:
            assert self.storage.layers(repository, "main")[:3] == new
        self.assert_whole()
