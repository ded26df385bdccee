"""What .gitattributes files make of a checkout, against `git` itself: for each seed a repository of odd attribute files and
contents, of which every byte that `git checkout` writes must be written here, too."""

import os
import random
import subprocess

import pytest
from support.git_server import ENVIRONMENT, git
from support.program import run_program

FAST = int(os.environ.get("GIT_SEEDS", "40"))
SEEDS = [*range(FAST), *(pytest.param(seed, marks=pytest.mark.release) for seed in range(FAST, 400))]

NAMES = ["a.txt", "b.txt", "c d.txt", "x.md", "X.MD", "[y].txt", "Ä.txt", "tab\there", 'quo"te', "back\\slash", "-dash", "#hash", "!bang",
         "file", "deep.txt", "z"]
DIRECTORIES = ["", "sub/", "sub/deep/", "a b/", "Ä/", "[z]/"]
PATTERNS = ["*", "*.txt", "*.md", "a.txt", "/a.txt", "sub/", "sub/*", "sub/**", "**/a.txt", "**/deep/*.txt", "sub/**/x.md", "a*.txt", "?.txt",
            "[ab].txt", "[!a]*.txt", "\\[y\\].txt", '"c d.txt"', '"a b/*"', '"tab\\there"', '"quo\\"te"', '"\\303\\204.txt"', "Ä.txt", '"Ä/*"',
            "*.TXT", "\\#hash", "#hash *.txt", "!bang", "\\!bang", '"!bang"', "-dash", "file", "/file", "./file", "sub/file", "deep/*",
            '"unclosed', '"bad \\q"', "back\\\\slash", '"back\\\\slash"', "[[:alpha:]]*", "*/x.md", "/*/x.md", "**", "a.tx[t", "[attr", "z\\",
            '""', "/", "sub//x.md", "[z]/*", "\\[z\\]/*"]
STATES = ["text", "-text", "text=auto", "!text", "eol=crlf", "eol=lf", "!eol", "-eol", "text=input", "crlf", "-crlf", "crlf=input", "ident",
          "-ident", "!ident", "binary", "-binary", "!binary", "mine", "-mine", "other", "working-tree-encoding=UTF-16",
          "working-tree-encoding=UTF-16LE", "working-tree-encoding=utf-16be", "working-tree-encoding=UTF-16LE-BOM",
          "working-tree-encoding=UTF-32", "working-tree-encoding=UTF-8", "working-tree-encoding=ISO-8859-1", "working-tree-encoding=latin1",
          "working-tree-encoding=CP1252", "working-tree-encoding=KOI8-R", "!working-tree-encoding", "working-tree-encoding=", "eol=", "text=",
          "filter=none", "diff=x", "a.b-c_d", "-", "=x", "b@d", "eol=CRLF", "text=true"]
MACROS = ["[attr]mine text eol=crlf", "[attr]mine -text", "[attr]other mine ident", "[attr]mine other", "[attr]binary text eol=crlf", "[attr]",
          "[attr]bad@name text", '"[attr]mine" ident', "[attr]other !eol text"]
CONTENTS = [b"", b"\n", b"one\ntwo\n", b"one\r\ntwo\r\n", b"one\r\ntwo\n", b"no end", b"\r", b"a\rb\n", b"nul\0\n", b"one\ntwo\n\x1a", b"\x1a\n",
            b"$Id$\n", b"$Id: abc $\n$Id$", b"$Id: a b c $\n", b"$Id: x\n$", b"$Id", b"$Id:$\n", b"$Id: $ $Id:$", b"$$Id$$\n", b"$Idx$ $Id:x$\n",
            "Grüße\nÄ\n".encode(), "€ und Привет\n".encode(), "Grüße".encode("latin-1"), b"\xff\xfe\n", b"\x80\n" * 3, b"\x01\x02\n" * 5,
            b"text\n" * 400, b"\x01" + b"a" * 127 + b"\n", b"\x01" + b"a" * 128 + b"\n", "\ufeffbom\n".encode(), "😀\n".encode()]


def attribute_file(choose: random.Random) -> bytes:
    lines = []
    for _ in range(choose.randint(1, 8)):
        if choose.random() < 0.15:
            lines.append(choose.choice(MACROS))
        elif choose.random() < 0.08:
            lines.append(choose.choice(["", "# comment", "   ", "\t*.txt\ttext", "*.txt", "x" * 2050 + " text", "*.txt text" + " " * 2040]))
        else:
            states = choose.choice([" ", "  ", "\t"]).join(choose.sample(STATES, choose.randint(1, 3)))
            lines.append(f"{choose.choice(PATTERNS)} {states}")
    ending = choose.choice(["\n", "\n", "\n", "\r\n"])
    text = ending.join(lines) + choose.choice([ending, ""])
    if choose.random() < 0.1:
        text = "\ufeff" + text
    if choose.random() < 0.05:
        text += "\0* text eol=crlf\n"
    return text.encode()


def make(path, choose: random.Random) -> None:
    path.mkdir(parents=True)
    git("init", "--quiet", "--bare", "--initial-branch=main", directory=path)
    stream = [b"commit refs/heads/main\ncommitter C <c@x> 1700000000 +0000\ndata 1\nx"]
    files = {}
    for directory in DIRECTORIES:
        for name in choose.sample(NAMES, choose.randint(2, 6)):
            files[directory + name] = choose.choice(CONTENTS)
        if directory == "" or choose.random() < 0.3:
            files[directory + ".gitattributes"] = attribute_file(choose)
    for name, content in files.items():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
        stream.append(f'M 100644 inline "{quoted}"\ndata {len(content)}\n'.encode() + content)
    git("fast-import", "--quiet", directory=path, stdin=b"\n".join(stream) + b"\n\n")


def contents(directory) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*"))
            if path.is_file() and ".git" not in path.parts}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_checkout_has_the_bytes_that_git_writes(programs, tmp_path, seed):
    choose = random.Random(seed)
    make(tmp_path / "app.git", choose)
    settings = choose.choice([{}, {}, {"core.autocrlf": "true"}, {"core.autocrlf": "input"}, {"core.eol": "crlf"},
                              {"core.eol": "crlf", "core.autocrlf": "false"}, {"core.attributesFile": str(tmp_path / "common")}])
    (tmp_path / "common").write_bytes(attribute_file(choose))
    request = {"source": {"uri": f"file://{tmp_path}/app.git", "git_config": [{"name": k, "value": v} for k, v in settings.items()]},
               "params": {"disable_git_lfs": True}}
    result = run_program(programs, "in", request, tmp_path / "ours")
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    done = subprocess.run(["git", *options, "clone", "--quiet", "app.git", "theirs"], cwd=tmp_path, env=ENVIRONMENT, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert result.status == 0, result.stderr
    ours, theirs = contents(tmp_path / "ours"), contents(tmp_path / "theirs")
    assert ours.keys() == theirs.keys()
    for name, content in theirs.items():
        assert ours[name] == content, (name, {k: v for k, v in ours.items() if k.endswith(".gitattributes")}, settings)
    # git calls unchanged what it would not add otherwise; of the rest it depends on the clock whether it looks at all.
    git("read-tree", "HEAD", directory=tmp_path / "theirs")
    changed = git(*options, "status", "--porcelain", directory=tmp_path / "theirs").splitlines()
    assert set(git("status", "--porcelain", directory=tmp_path / "ours").splitlines()) <= set(changed)
