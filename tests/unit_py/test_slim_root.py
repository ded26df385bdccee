"""scripts/slim-root makes no root that lacks a library."""

import shutil
import subprocess


def test_a_library_that_is_missing_is_an_error_and_not_an_image_without_it(project, tmp_path):
    system = tmp_path / "system"
    (system / "usr/bin").mkdir(parents=True)
    shutil.copyfile("/usr/bin/ssh", system / "usr/bin/ssh")
    for name in ("var/lib/dpkg", "usr/share/doc"):
        (system / name).parent.mkdir(parents=True, exist_ok=True)
        (system / name).symlink_to(f"/{name}")
    done = subprocess.run([str(project / "scripts/slim-root"), str(tmp_path / "root"), str(system)], capture_output=True, text=True)
    assert done.returncode == 1
    assert [line.split(" is not below ")[1] for line in done.stderr.splitlines()] == [str(system)], done.stderr
