"""Sources that compile as one mean what they mean alone (cmake/groups.py)."""

import pathlib
import subprocess
import sys

import pytest


@pytest.fixture
def grouped(project, tmp_path):
    def run(**sources: str) -> list[set[str]]:
        folder = tmp_path / "common/one"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in sources.items():
            (folder / f"{name}.cpp").write_text(text)
        paths = [str(folder / f"{name}.cpp") for name in sources]
        done = subprocess.run([sys.executable, str(project / "cmake/groups.py"), str(tmp_path / "out/one"), *paths],
                              capture_output=True, text=True, timeout=60, check=True)
        groups = [pathlib.Path(path).read_text() for path in done.stdout.split(";")]
        return [{line.split("/")[-1].removesuffix('.cpp"') for line in text.splitlines()} for text in groups]
    return run


PLAIN = "namespace one {{\nnamespace {{\nint {name}(int x) {{ return x; }}\n}}\nint open_{name}() {{ return {name}(1); }}\n}}\n"


def test_sources_that_have_no_word_in_common_are_joined(grouped):
    assert grouped(a=PLAIN.format(name="first"), b=PLAIN.format(name="second")) == [{"a", "b"}]


@pytest.mark.parametrize("other", [
    PLAIN.format(name="first"),
    "namespace one {\nint second(int first) { return first; }\n}\n",
    "namespace one {\nint second() { return first(1); }\n}\n",
], ids=["a function of its own", "a parameter", "a call"])
def test_a_name_of_one_source_stands_nowhere_in_the_others(grouped, other):
    assert grouped(a=PLAIN.format(name="first"), b=other) == [{"a"}, {"b"}]


@pytest.mark.parametrize("own", [
    "constexpr int first = 1;", "struct first { int x; };", "enum class first { a };", "using first = int;", "int first;",
    "std::map<std::string, std::vector<int>> first(int x) { return {}; }", "template <class T>\nT first{};",
    "namespace first = std;", "using base::first;", "static int first() { return 1; }",
])
def test_every_kind_of_name_counts(grouped, own):
    source = "namespace one {\nnamespace {\n// text: { }\nconst char* brace = \"{\";\n" + own + "\n}\n}\n"
    assert grouped(a=source, b="int other() { return first; }\n") == [{"a"}, {"b"}]


def test_members_are_found_where_they_are_asked_for(grouped):
    other = "int second(One* x) { return x->first + (*x).first + other::first(1); }\n"
    assert grouped(a="namespace {\nint first() { return 1; }\n}\n", b=other) == [{"a", "b"}]


def test_what_stands_in_a_comment_or_in_a_text_is_not_a_name(grouped):
    assert grouped(a=PLAIN.format(name="first"), b='// first\nconst char* text() { return "first"; }\n') == [{"a", "b"}]


def test_a_source_with_a_macro_is_alone(grouped):
    assert grouped(a="#define WIDTH 3\nint a() { return 1; }\n", b="int b() { return 2; }\n") == [{"a"}, {"b"}]


def test_the_same_using_declaration_may_stand_in_both(grouped):
    using = "namespace one {\nnamespace {\nusing base::Error;\n}\n"
    assert grouped(a=using + "Error a();\n}\n", b=using + "Error b();\n}\n") == [{"a", "b"}]
