"""scripts/sbom on a root that is written down here."""

import json
import pathlib
import subprocess

import pytest

WHOLE = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: somebody\nLicense: {}\n\nFiles: tests/*\nLicense: GPL-9\n"


class Root:
    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        self.write("usr/lib/os-release", 'ID=debian\nVERSION_ID="12"\n')
        component = {"type": "application", "bom-ref": "build-service", "name": "build-service", "version": "1.2.3", "licenses": []}
        self.write("usr/share/doc/build-service/programs.cdx.json", json.dumps({"metadata": {"component": component}, "components": []}))

    def write(self, path: str, text: str) -> None:
        (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / path).write_text(text)

    def package(self, name: str, copyright: str, source: str = "", version: str = "1:2.0+b1-3~deb12u1") -> None:
        self.write(f"var/lib/dpkg/status.d/{name}", f"Package: {name}\nStatus: install ok installed\nArchitecture: arm64\n"
                                                    f"Source: {source or name} ({version})\nVersion: {version}\n")
        self.write(f"usr/share/doc/{name}/copyright", copyright)


@pytest.fixture
def root(tmp_path) -> Root:
    return Root(tmp_path)


@pytest.fixture
def described(project, root):
    def described() -> dict[str, dict]:
        done = subprocess.run([str(project / "scripts/sbom"), "image", str(root.directory)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return {one["name"]: one for one in json.loads(done.stdout)["components"]}
    return described


@pytest.mark.parametrize("said, expected", [
    ("Expat", {"license": {"id": "MIT"}}),
    ("BSD-3-clause and GPL-2+", {"expression": "BSD-3-Clause AND GPL-2.0-or-later"}),
    ("LGPL-2.1+ or Apache-2.0", {"expression": "LGPL-2.1-or-later OR Apache-2.0"}),
    ("permissive", {"license": {"name": "permissive"}}),
    ("Expat and permissive", {"license": {"name": "Expat and permissive"}}),
])
def test_the_license_of_the_whole_package_counts_by_its_name_of_spdx(root, described, said, expected):
    root.package("some", WHOLE.format(said))
    assert described()["some"]["licenses"] == [expected]


def test_a_copyright_file_that_is_prose_is_named(root, described):
    root.package("some", "This package is free, as far as we know.\n")
    assert described()["some"]["licenses"] == [{"license": {"name": "as in usr/share/doc of some"}}]


def test_a_version_and_its_source_are_quoted_as_a_package_url_wants_them(root, described):
    root.package("libsome+1", WHOLE.format("Expat"), source="some")
    assert described()["libsome+1"]["purl"] == "pkg:deb/debian/libsome%2B1@1%3A2.0%2Bb1-3~deb12u1?arch=arm64&distro=debian-12&upstream=some"


def test_the_programs_are_a_component_of_the_image(root, described):
    assert described()["build-service"]["version"] == "1.2.3"


def test_a_root_without_the_programs_is_an_error_of_one_line(project, tmp_path):
    done = subprocess.run([str(project / "scripts/sbom"), "image", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "programs.cdx.json" in done.stderr
