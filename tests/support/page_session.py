"""A reader at work: the commands of one page, in its order, in one shell, in a root of their own.

The root holds Debian's packages, the programs at /opt/resource as a resource's image has them, and a clone of the project
as the working directory. It is entered by chroot, which needs no mounts. A proxy, as a company's workers have one, leads the
names that pages use (registry.example.com, registry-1.docker.io) to servers on loopback, and nowhere else; the root's CA
bundle vouches for their certificates.
"""

import dataclasses
import json
import pathlib
import re
import shutil
import subprocess

from support import make_roots
from support.certificates import Authority
from support.concourse.container import PATH, link_tree, make_devices, remove_tree
from support.pages import Block

CLONE = "/root/build-service"
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
# Stands in for fly: keeps what it was asked, which is judged afterwards. Whether Concourse would do it is not ours.
FLY = f"""#!/usr/bin/python3
import json, os, sys
with open("/pages/fly", "a") as asked:
    asked.write(json.dumps({{"arguments": sys.argv[1:], "directory": os.getcwd()}}) + "\\n")
"""


class NamedAuthority(Authority):
    """Issues every certificate for the names that pages use."""

    def __init__(self, directory: pathlib.Path, names: tuple[str, ...]):
        super().__init__(directory)
        self.names = names

    def issue(self, *names: str, days: int = 2) -> tuple[pathlib.Path, pathlib.Path]:
        return super().issue(*names, *self.names, days=days)


@dataclasses.dataclass
class Outcome:
    status: int
    outputs: dict[Block, str]  # of the blocks that were begun, in their order
    fly: list[dict]  # what fly was asked: arguments, directory

    @property
    def failed(self) -> str:
        block, output = list(self.outputs.items())[-1]
        return f"{block}: status {self.status}: {block.start}\n{output}"


class Session:
    def __init__(self, directory: pathlib.Path, programs: pathlib.Path, project: pathlib.Path, authority: Authority,
                 proxy: str):
        self.root = directory / "root"
        make_roots.clone(make_roots.packages_root("builder") / "root", self.root)
        link_tree(programs, self.root / "programs")  # as `cmake --install` leaves them, for scripts/make-builder
        link_tree(programs / "opt/resource", self.root / "opt/resource")
        make_devices(self.root / "dev")
        self.environment = {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "BUILD_SERVICE_PROGRAMS": "/programs",
                            "GIT_CONFIG_NOSYSTEM": "1", "https_proxy": proxy, "no_proxy": "127.0.0.1,localhost"}
        self.write(BUNDLE, (self.root / BUNDLE).read_text() + authority.certificate.read_text())
        self.write("usr/local/bin/fly", FLY, mode=0o755)
        (self.root / "pages").mkdir()
        self.clone = self.root / CLONE[1:]
        self._copy_project(project)

    def _copy_project(self, project: pathlib.Path) -> None:
        """What git knows or would add, as a clone has it: by bytes, since commands may write into the files."""
        self.clone.mkdir(parents=True)
        listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                cwd=project, capture_output=True, check=True).stdout
        packed = subprocess.run(["tar", "-c", "--null", "--files-from=-", "--ignore-failed-read"], cwd=project, input=listed,
                                capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(self.clone), "--no-same-owner"], input=packed, check=True)

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        """A new file in the root: those that were there are shared by links."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_text(content)
        target.chmod(mode)

    def add_program(self, path: pathlib.Path) -> None:
        (self.root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, self.root / "usr/local/bin")

    def run(self, blocks: list[Block], timeout: float = 600) -> Outcome:
        lines = ["set -eu -o pipefail", f"cd {CLONE}"]
        for number, block in enumerate(blocks):
            lines += [f"exec >/pages/{number} 2>&1", block.text]
        self.write("pages/script", "\n".join(lines) + "\n")
        # One that waits for a person, or for what never comes, is ended together with all it has started.
        done = subprocess.run(["timeout", "--kill-after=5", str(timeout), "chroot", str(self.root), "/bin/bash", "/pages/script"],
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        outputs = {block: (self.root / f"pages/{number}").read_text(errors="replace")
                   for number, block in enumerate(blocks) if (self.root / f"pages/{number}").exists()}
        asked = self.root / "pages/fly"
        fly = [json.loads(line) for line in asked.read_text().splitlines()] if asked.exists() else []
        assert outputs, f"bash does not read {blocks[0]}: {done.stderr}"
        return Outcome(done.returncode, outputs, fly)

    def remove(self) -> None:
        remove_tree(self.root.parent)


VARIABLE = re.compile(r"\b(sha256:)?[0-9a-f]{7,64}\b|\b\d+(\.\d+)? ?(ms|s|min|kB|MB|GB)\b|\d+")


def differs(expected: str, output: str) -> str | None:
    """The first line of `expected` that does not stand in `output`, after those before it. Digests, sizes, times and other
    numbers may differ; a line `...`, and `...` in a line, stand for anything."""
    rest = iter(line.rstrip() for line in output.splitlines())
    for line in expected.splitlines():
        pattern = ".*".join(map(pattern_of, line.rstrip().split("...")))
        if line.strip() not in ("", "...") and not any(re.fullmatch(pattern, seen) for seen in rest):
            return line
    return None


def pattern_of(text: str) -> str:
    """Whatever differs from run to run stands for its like."""
    found = list(VARIABLE.finditer(text))
    between = zip([0, *(match.end() for match in found)], [*(match.start() for match in found), len(text)], strict=True)
    return f"(?:{VARIABLE.pattern})".join(re.escape(text[start:end]) for start, end in between)
