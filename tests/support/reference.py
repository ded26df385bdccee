"""What the programs say of themselves (--schema), for tests that hold it against what they do."""

import json
import re

from support.program import run_program


def schemas(programs, program: str) -> dict:
    """The schema of each kind that has the step, by the field of `source` that names the kind."""
    said = json.loads(run_program(programs, program, "", "--schema").stdout)
    return {re.match(r"source\.(\w+)", schema["title"])[1]: schema for schema in said["oneOf"]}


def files(programs, kind: str) -> set:
    """The files of a get that are told of."""
    return {file["name"] for file in schemas(programs, "in")[kind]["x-files"]}
