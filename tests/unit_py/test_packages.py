"""scripts/packages says what it could not fetch."""

import os
import subprocess

OFFLINE = "#!/bin/sh\necho 'E: Failed to fetch' >&2\nexit 100\n"


def test_without_network_one_line_says_what_could_not_be_fetched(project, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/apt-get").write_text(OFFLINE)
    (tmp_path / "bin/apt-get").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run([str(project / "scripts/packages"), "arm64", "zlib1g-dev"], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "packages: cannot download zlib1g-dev: E: Failed to fetch; check apt's sources and the network\n"
    assert [path.name for path in (tmp_path / "cache/build-service/packages").iterdir()] == ["lock"], "nothing half done is left"
