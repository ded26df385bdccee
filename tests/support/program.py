"""Running a built program as Concourse does, and what a test may ask of the result."""

import dataclasses
import json
import pathlib
import re
import subprocess

from support import log_rules, screens

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}


@dataclasses.dataclass
class Result:
    status: int
    stdout: str
    stderr: str

    @property
    def answer(self):
        assert self.status == 0, self.stderr
        return json.loads(self.stdout)

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        return ANSI.sub("", self.stderr).splitlines()

    @property
    def error(self) -> str:
        """The one line that says what went wrong: the last of the log, and the only one of its kind."""
        errors = [line for line in self.lines if line.startswith("error: ")]
        assert len(errors) == 1 and self.lines[-1] == errors[0], f"not one closing line of error:\n{self.stderr}"
        return errors[0].removeprefix("error: ")


def run_program(prefix: pathlib.Path, program: str, request, *arguments, env: dict | None = None, timeout: float = 60,
                **options) -> Result:
    """`request` is written to stdin as JSON, or as it is when it is text or bytes."""
    stdin = request if isinstance(request, bytes) else (request if isinstance(request, str) else json.dumps(request)).encode()
    done = subprocess.run([str(prefix / "opt/resource" / program), *map(str, arguments)], input=stdin, capture_output=True,
                          env={**ENVIRONMENT, **screens.ENVIRONMENT, **(env or {})}, timeout=timeout, cwd="/", **options)
    result = Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    screens.keep(program, result.status, result.stdout, result.stderr)
    if "--lint" not in arguments:  # it says on stdout what it finds
        log_rules.require_readable(program, result.status, result.stderr)
    return result
