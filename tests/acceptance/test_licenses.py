"""What is installed says whose code is in it, and under which licenses."""

import re

import pytest

NOT_SHIPPED = {"libCatch2.a", "libCatch2Main.a"}


@pytest.fixture(scope="module")
def sections(programs) -> dict[str, str]:
    """The text of each section by each name in its headline: packages, and the files that are linked."""
    text = (programs / "usr/share/doc/build-service/third-party-licenses.txt").read_text()
    found = {}
    for section in re.split(r"^={80}\n", text, flags=re.MULTILINE)[1:]:
        headline, body = section.split("\n", 1)
        for name in re.split(r"[:,] ", headline):
            found[name] = body
    return found


def test_every_archive_that_is_linked_has_its_license_there(project, sections):
    dependencies = (project / "cmake/dependencies.cmake").read_text()
    linked = set(re.findall(r"^deps_archive\(.*?ARCHIVE (\S+?\.a)\b", dependencies, re.MULTILINE))
    linked |= {f"lib{module}.a" for module in re.findall(r"^deps_pkg_config\(\S+ (\S+?)\)", dependencies, re.MULTILINE)}
    linked |= {"libstdc++.a", "libgcc.a", "libc.a"}
    assert {"libcurl.a", "libz.a", "libre2.a"} <= linked, "the file is written in another way than this test reads"
    for archive in linked - NOT_SHIPPED:
        assert re.search("copyright", sections.get(archive, ""), re.IGNORECASE), f"{archive} has no license there"


def test_every_header_that_is_compiled_in_has_its_license_there(sections):
    for header in ("json.hpp", "cxxopts.hpp", "toml.h"):
        assert "Permission is hereby granted" in sections[header]


def test_licenses_that_are_only_referred_to_are_there_too(sections):
    assert "/usr/share/common-licenses/Apache-2.0" in sections["libcrypto.a"]
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in sections["Apache-2.0"]


def test_the_license_of_build_service_lies_beside_them(programs):
    assert "Apache License" in (programs / "usr/share/doc/build-service/LICENSE").read_text()
