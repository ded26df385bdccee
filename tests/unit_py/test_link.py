"""cmake/link hides one kind of warning, and nothing else."""

import subprocess

import pytest


@pytest.fixture
def link(project, tmp_path):
    def link(code: str) -> subprocess.CompletedProcess:
        (tmp_path / "program.cpp").write_text(code)
        subprocess.run(["g++", "-c", "-o", str(tmp_path / "program.o"), str(tmp_path / "program.cpp")], check=True)
        return subprocess.run([str(project / "cmake/link"), "g++", "-static", str(tmp_path / "program.o"), "-o", str(tmp_path / "program")],
                              capture_output=True, text=True)
    return link


def test_a_function_that_is_nowhere_is_an_error(link):
    done = link("int nowhere(); int main() { return nowhere(); }")
    assert done.returncode != 0
    assert "in function `main'" in done.stderr and "undefined reference to `nowhere()'" in done.stderr


def test_what_glibc_says_of_static_programs_is_not_shown(link):
    done = link("#include <netdb.h>\n#include <dlfcn.h>\nint main() { dlopen(0, 0); return getaddrinfo(0, 0, 0, 0); }")
    assert (done.returncode, done.stderr) == (0, "")
