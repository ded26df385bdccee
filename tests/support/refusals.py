"""Steps of the source kind that must be refused: what holds after each, whatever the cause.

    refused = Refusals(programs, tmp_path)
    refused("check", {"uri": url}, "names no object")      # the words of the error; returns the Result
"""

import pathlib
import time

from support.program import Result, run_program


class Refusals:
    def __init__(self, programs: pathlib.Path, directory: pathlib.Path):
        self.programs = programs
        self.temporary, self.home, self.outside = (directory / name for name in ("temporary", "home", "outside"))
        self.destination = directory / "parent/destination"
        for made in (self.temporary, self.home, self.outside):
            made.mkdir()
        self.destination.mkdir(parents=True)

    def run(self, program: str, source: dict, version: str = "1" * 40, params: dict | None = None, *, env: dict | None = None,
            timeout: float = 60) -> Result:
        request = {"source": source}
        if program == "in":
            request |= {"version": {"ref": version}, "params": params or {}}
        return run_program(self.programs, program, request, *([self.destination] if program == "in" else []), timeout=timeout,
                           env={"TMPDIR": str(self.temporary), "HOME": str(self.home), **(env or {})})

    def __call__(self, program: str, source: dict, *words: str, within: float = 20, **more) -> Result:
        start = time.monotonic()
        result = self.run(program, source, **more)
        took = time.monotonic() - start
        assert result.status == 1 and result.stdout == "", f"status {result.status}\n{result.stdout}\n{result.stderr}"
        missing = [word for word in words if word not in result.error]
        assert not missing, f"{missing} not in: {result.error}"
        assert took < within, f"it took {took:.1f} s"
        self.nothing_left()
        return result

    def nothing_left(self) -> None:
        assert list(self.temporary.iterdir()) == list(self.home.iterdir()) == list(self.outside.iterdir()) == []
        assert list(self.destination.parent.rglob("*")) == [self.destination]
