"""Keeps what programs print, for a person to look at: a file for each run where BUILD_SERVICE_SCREENS names a directory.

    BUILD_SERVICE_SCREENS=/tmp/screens scripts/test ... ; scripts/render /tmp/screens/*.json
"""

import json
import os
import pathlib
import time

DIRECTORY = os.environ.get("BUILD_SERVICE_SCREENS")
# Concourse shows colours though there is no terminal, so programs print them for it.
ENVIRONMENT = {"BUILD_ID": "42"} if DIRECTORY else {}


def keep(program: str, status: int, stdout: str, stderr: str) -> None:
    if not DIRECTORY:
        return
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" (")[0]
    directory = pathlib.Path(DIRECTORY)
    directory.mkdir(parents=True, exist_ok=True)
    document = {"test": test, "program": program, "status": status, "stdout": stdout, "stderr": stderr}
    (directory / f"{time.time_ns()}.json").write_text(json.dumps(document))
