"""docs/schema is what the programs say of themselves. After a change of fields: UPDATE_GOLDEN=1 scripts/test -k schema"""

import json
import os
import subprocess

import pytest


@pytest.mark.parametrize("program", ["check", "in", "out"])
def test_the_documented_schema_is_the_programs_own(project, programs, program):
    said = subprocess.run([str(programs / "opt/resource" / program), "--schema"], capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    golden = project / f"docs/schema/{program}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(said)
    assert golden.read_text() == said, "fields changed: run UPDATE_GOLDEN=1 scripts/test -k schema"
