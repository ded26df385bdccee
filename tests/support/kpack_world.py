"""Puts of the kpack image kind against a cluster of the tests: what surrounds one Image, and puts that run beside.

    world = KpackWorld(programs, kube_server, kpack, namespace, token, git_server, tmp_path)
    first = world.commit("one")                       # in a git repository that is served over HTTP
    world.image(revision=first)                       # the Image, by hand
    put = world.put(commit=second)                    # a Put that runs
    put.wait_line("waiting: behind build #1")
    put.answer["version"]["image"]
"""

import contextlib
import itertools
import json
import pathlib
import subprocess
import threading
import time

from support import log_rules, screens
from support.git_server import Repository
from support.program import ANSI, ENVIRONMENT, Result

_names = itertools.count(1)


class Put:
    """A step that runs; `lines` grow while it does."""

    def __init__(self, programs: pathlib.Path, request: dict, inputs: pathlib.Path, env: dict | None = None):
        self.lines: list[str] = []
        self.times: list[float] = []
        self._process = subprocess.Popen([programs / "opt/resource/out", inputs], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, env={**ENVIRONMENT, **screens.ENVIRONMENT, **(env or {})}, cwd="/")
        self._process.stdin.write(json.dumps(request).encode())
        self._process.stdin.close()
        self._raw: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stderr:
            text = line.decode(errors="surrogateescape").rstrip("\n")
            self._raw.append(text)
            self.times.append(time.time())
            self.lines.append(ANSI.sub("", text))

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_line(self, text: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while True:
            for line in list(self.lines):
                if text in line:
                    return line
            assert time.monotonic() < deadline, f"no line with {text!r}:\n" + "\n".join(self.lines)
            assert self._process.poll() is None or self._reader.is_alive() or text in "\n".join(self.lines), \
                f"it ended without a line with {text!r}:\n" + "\n".join(self.lines)
            time.sleep(0.02)

    def terminate(self) -> None:
        self._process.terminate()

    def result(self, seconds: float = 120) -> Result:
        try:
            stdout = self._process.stdout.read()
            self._process.wait(seconds)
            self._reader.join(10)
        finally:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        result = Result(self._process.returncode, stdout.decode(), "\n".join(self._raw) + "\n")
        screens.keep("out", result.status, result.stdout, result.stderr)
        log_rules.require_readable("out", result.status, result.stderr)
        return result

    @property
    def answer(self) -> dict:
        return self.result().answer

    @property
    def error(self) -> str:
        result = self.result()
        assert result.status == 1 and result.stdout == "", result.stderr
        return result.error


class KpackWorld:
    def __init__(self, programs, server, kpack, namespace: str, token: str, git_server, directory: pathlib.Path):
        self.programs, self.server, self.kpack, self.namespace, self.token = programs, server, kpack, namespace, token
        self.admin = server.admin
        self.inputs = directory / "inputs"
        self.inputs.mkdir()
        name = f"app{next(_names)}-{namespace}"
        self.repository = Repository(git_server.directory / f"{name}.git")
        self.url = git_server.url(name)
        self.proxy = None

    def behind(self, proxy) -> None:
        """From here on puts go through a KubeProxy."""
        self.proxy = proxy

    @property
    def source(self) -> dict:
        way = {"address": self.proxy.address, "ca": self.proxy.ca} if self.proxy else {}
        return {"image": "app", "namespace": self.namespace, "kubeconfig": self.server.kubeconfig(token=self.token, **way)}

    def commit(self, text: str) -> str:
        return self.repository.commit(text, {"page.txt": text})

    def image(self, revision: str, builder: bool = True, **spec) -> dict:
        if builder:
            self.kpack.builder()
        return self.kpack.image(self.namespace, "app", git=(self.url, revision), **spec)

    def built(self, revision: str, **spec) -> dict:
        """The Image, and its first Build when that has ended."""
        self.image(revision, **spec)
        return self.kpack.wait_build(self.namespace, "app", 1)

    def revise(self, revision: str) -> dict:
        """Another sets the Image to a commit."""
        return self.admin.patch("images", "app", {"spec": {"source": {"git": {"revision": revision}}}}, self.namespace)

    def now(self) -> dict:
        return self.admin.get("images", "app", self.namespace)

    def builds(self) -> list[dict]:
        found = self.admin.list("builds", self.namespace, "image.kpack.io/image=app")
        return sorted(found, key=lambda build: int(build["metadata"]["labels"]["image.kpack.io/buildNumber"]))

    def put(self, commit: str = "", changed_source: dict | None = None, environment: dict | None = None, **params) -> Put:
        if commit:
            (self.inputs / "app/.git").mkdir(parents=True, exist_ok=True)
            # Whole at any time: another put may read it.
            (self.inputs / "app/.git/ref.new").write_text(f"{commit}\n")
            (self.inputs / "app/.git/ref.new").replace(self.inputs / "app/.git/ref")
            params["commitish"] = "app/.git/ref"
        request = {"source": {**self.source, **(changed_source or {})}, "params": params}
        return Put(self.programs, request, self.inputs, environment)


def image_of(build: dict) -> str:
    return build["status"]["latestImage"]
