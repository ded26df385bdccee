"""Commits and tags as histories have them and fsck does not: git reads them, and so must a check, a describe and a walk
over a whole history. What is expected, git itself says of the same objects."""

import pytest
from support.git_server import Repository, git
from support.program import run_program

GOOD = "Ann Author <ann@example.com> 1700000000 +0100"
PEOPLE = {
    "a newline in the address": "Ann <ann@\nexample.com> 1700000000 +0100",
    "no address": "Ann 1700000000 +0100",
    "an address without brackets": "Ann ann@example.com 1700000000 +0100",
    "an empty address": "<> 1700000000 +0100",
    "a bracket that is not closed": "Ann <ann@example.com 1700000000 +0100",
    "brackets in the name": "A <x> <ann@example.com> 1700000000 +0100",
    "a date that is not a number": "Ann <ann@example.com> yesterday +0100",
    "a negative date": "Ann <ann@example.com> -5 +0100",
    "a date beyond all bounds": "Ann <ann@example.com> 99999999999999999999 +0100",
    "no date": "Ann <ann@example.com>",
    "no zone": "Ann <ann@example.com> 1700000000",
    "a zone beyond all bounds": "Ann <ann@example.com> 1700000000 +99999999999",
    "a zone without a sign": "Ann <ann@example.com> 1700000000 0100",
    "nothing": "",
    "no line": None,
}
ODD = [*PEOPLE.values()]


class Histories:
    def __init__(self, path):
        self.repository = Repository(path)
        self.tree = self.repository.git("hash-object", "-w", "-t", "tree", "--stdin", stdin=b"")

    def commit(self, *parents: str, author: str | None = GOOD, committer: str | None = GOOD, message: str = "a change",
               more: str = "", tree: str | None = None, encoding: str = "utf-8") -> str:
        lines = [f"tree {tree or self.tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"{role} {who}" for role, who in [("author", author), ("committer", committer)] if who is not None]
        text = "\n".join(lines) + f"\n{more}\n{message}\n"
        return self.add("commit", text.encode(encoding))

    def add(self, kind: str, content: bytes) -> str:
        return self.repository.git("hash-object", "-w", "-t", kind, "--literally", "--stdin", stdin=content)

    def tag(self, name: str, commit: str, tagger: str | None) -> None:
        line = "" if tagger is None else f"tagger {tagger}\n"
        made = self.add("tag", f"object {commit}\ntype commit\ntag {name}\n{line}\na tag\n".encode())
        self.repository.git("update-ref", f"refs/tags/{name}", made)

    def branch(self, commit: str) -> None:
        self.repository.git("update-ref", "refs/heads/main", commit)


@pytest.fixture
def histories(tmp_path):
    return Histories(tmp_path / "app.git")


@pytest.fixture
def step(programs, tmp_path):
    def run(program: str, source: dict, version: dict | None = None, *arguments, **request):
        (tmp_path / "temporary").mkdir(exist_ok=True)
        return run_program(programs, program, {"source": source, "version": version, **request}, *arguments,
                           env={"TMPDIR": str(tmp_path / "temporary")})
    return run


@pytest.mark.parametrize("who", ODD, ids=PEOPLE.keys())
@pytest.mark.parametrize("path", ["/usr/bin:/bin", "/nonexistent"], ids=["upload-pack", "libgit2"])  # without the program libgit2 reads
def test_a_check_walks_over_a_commit_with(programs, tmp_path, histories, who, path):
    first = histories.commit(message="first")
    second = histories.commit(first, author=who, message="second")
    third = histories.commit(second, committer=who, message="third")
    last = histories.commit(third, message="last")
    histories.branch(last)
    source = {"uri": str(histories.repository.path), "branch": "main", "version_depth": 10}
    for version, expected in [(None, [first, second, third, last]), (first, [first, second, third, last]), (third, [third, last])]:
        result = run_program(programs, "check", {"source": source, "version": version and {"ref": version}},
                             env={"TMPDIR": str(tmp_path), "PATH": path})
        assert [found["ref"] for found in result.answer] == expected
        (tmp_path / next(name.name for name in tmp_path.iterdir() if "check" in name.name)).unlink()


@pytest.mark.parametrize("who", ODD, ids=PEOPLE.keys())
def test_a_get_says_what_git_says_of_a_commit_with(step, tmp_path, histories, who):
    commit = histories.commit(histories.commit(), author=who, committer=who, message="a message\n\nof two")
    histories.branch(commit)
    destination = tmp_path / "checkout"
    answer = step("in", {"uri": str(histories.repository.path)}, {"ref": commit}, destination).answer
    metadata = {entry["name"]: entry["value"] for entry in answer["metadata"]}
    names = ["%an", "%cn", "%ae"]
    author, committer, address = git("log", "-1", "--format=" + "%x01".join(names), directory=destination).split("\x01")
    assert (metadata["author"], metadata["committer"]) == (author, committer)
    assert metadata["message"] == "a message\n\nof two\n"
    assert (destination / ".git/committer").read_text() == address
    dates = git("log", "-1", "--format=%ai%x01%ci", directory=destination).split("\x01")
    if who != PEOPLE["no zone"] and who != PEOPLE["a zone without a sign"]:  # git shows no date then
        never = "1970-01-01 00:00:00 +0000"
        assert [metadata["author_date"], metadata["committer_date"]] == [date or never for date in dates]


def test_a_describe_walks_over_all_of_them(step, tmp_path, histories):
    commit = histories.commit()
    histories.tag("v1", commit, GOOD)
    for who in ODD:
        commit = histories.commit(histories.commit(commit, author=who), committer=who)
    histories.branch(commit)
    destination = tmp_path / "checkout"
    step("in", {"uri": str(histories.repository.path)}, {"ref": commit}, destination)
    assert (destination / ".git/describe_ref").read_text().strip() == git("describe", directory=destination)


@pytest.mark.parametrize("who", ODD, ids=PEOPLE.keys())
def test_tags_are_versions_whoever_made_them_with(step, tmp_path, histories, who):
    first = histories.commit(message="first")
    second = histories.commit(first, message="second", committer=GOOD.replace("1700000000", "1700000500"))
    histories.branch(second)
    histories.tag("v1", first, who)
    histories.tag("v2", second, GOOD)
    source = {"uri": str(histories.repository.path), "branch": "main", "tag_filter": "v*", "version_depth": 10}
    # git ends at a negative date; it is one that cannot be read, like the others.
    negative = who == PEOPLE["a negative date"]
    names = ["v1", "v2"] if negative else histories.repository.git("tag", "--sort=creatordate").split()
    assert [version["ref"] for version in step("check", source).answer] == names
    source["tag_behaviour"] = "match_tag_ancestors"
    assert [version["ref"] for version in step("check", source).answer] == [first, second]
    destination = tmp_path / "checkout"
    step("in", source, {"ref": "v1", "commit": first}, destination).answer
    assert (destination / ".git/describe_ref").read_text().strip() == git("describe", "--tags", first, directory=destination)


@pytest.mark.parametrize("name, declared", [("iso-8859-1", "ISO-8859-1"), ("latin-1", "latin1"), ("cp1252", "windows-1252"),
                                            ("iso-8859-15", "ISO-8859-15"), ("koi8-r", "KOI8-R"), ("cp1251", "CP1251")])
def test_metadata_of_another_encoding_are_utf_8(step, tmp_path, histories, name, declared):
    word = {"koi8-r": "Привет", "cp1251": "Привет", "cp1252": "Grüße – €", "iso-8859-15": "Grüße €"}.get(name, "Grüße")
    commit = histories.commit(author=f"{word} <a@x> 1700000000 +0000", message=word, more=f"encoding {declared}\n", encoding=name)
    histories.branch(commit)
    source = {"uri": str(histories.repository.path), "commit_filter": {"include": [word]}}
    assert step("check", source).answer == [{"ref": commit}]
    destination = tmp_path / "checkout"
    answer = step("in", source, {"ref": commit}, destination).answer
    metadata = {entry["name"]: entry["value"] for entry in answer["metadata"]}
    assert (metadata["author"], metadata["message"]) == (word, word + "\n")
    assert (destination / ".git/commit_message").read_text() == word + "\n"
    assert git("log", "-1", "--format=%an %B", directory=destination) == f"{word} {word}"
