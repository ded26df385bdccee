"""docs/troubleshooting.md has every error's remedy: its lists are made from the code and from the messages that tests hold.

After a change of words: UPDATE_GOLDEN=1 scripts/test -k troubleshooting
"""

import os
import re

import pytest

from support.messages import Message, messages, reports

LIST = re.compile(r"<!-- errors (of|like): (.*?) -->\n(.*?)<!-- end -->", re.DOTALL)


def belongs(message: Message, how: str, what: str) -> bool:
    """`like` is a pattern for the whole message, `of` the folders of the code that it may come from."""
    return message.folder in what.split() if how == "of" else re.search(what, f"{message.shown}; {message.remedy}") is not None


def shared_out(text: str, found: list[Message]) -> tuple[dict, list[Message]]:
    """The messages of each list: a message stands in the first that wants it by its words, else by its folder."""
    lists = [(match[1], match[2]) for match in LIST.finditer(text)]
    by_words_first = sorted(lists, key=lambda entry: entry[0] != "like")
    shared: dict = {entry: [] for entry in lists}
    left = []
    for message in found:
        home = next((entry for entry in by_words_first if belongs(message, *entry)), None)
        (left if home is None else shared[home]).append(message)
    return shared, left


def table(found: list[Message]) -> str:
    rows = [f"| {code(message.shown)} | {plain(message.remedy)} |\n" for message in found]
    return "".join(["| The log says | What to do |\n|---|---|\n", *rows]) if rows else ""


def code(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"


def plain(text: str) -> str:
    return re.sub(r"([<>|*_\[\]`])", r"\\\1", text)


def test_the_page_has_every_remedy(project):
    page = project / "docs/troubleshooting.md"
    text = page.read_text()
    shared, left = shared_out(text, messages(project))
    assert not left, f"no list of the page wants these: {[message.shown for message in left]}"
    made = LIST.sub(lambda match: f"<!-- errors {match[1]}: {match[2]} -->\n{table(shared[match[1], match[2]])}<!-- end -->", text)
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(made)
    assert page.read_text() == made, "the code has other errors: read them, and keep them by UPDATE_GOLDEN=1 scripts/test -k troubleshooting"
    assert all(shared.values()), f"lists without an error: {[entry for entry, found in shared.items() if not found]}"


CODE = '''
void f(const Branch& branch, bool a) {
  throw Error(ErrorKind::not_found, {"find", fmt::format("branch {} in {}", branch.name(), url),
                                     "there is no such branch" + others, a ? "check source.branch" : ""});
}
Report report() { return {"read", path.string(), std::move(cause), "look " "again"}; }
'''


def test_a_report_is_read_off_the_code_with_its_values_left_open(tmp_path):
    (tmp_path / "find").mkdir()
    (tmp_path / "find/branch.cpp").write_text(CODE)
    first, without_remedy, second = reports(tmp_path / "find/branch.cpp")
    assert first == Message("find", "cannot find branch … in …", "there is no such branch…", "check source.branch")
    assert without_remedy.remedy == ""
    assert second == Message("find", "cannot read …", "…", "look again")
    shown = Message("", "cannot find branch x in y", "there is no such branch (it has z)", "check source.branch")
    assert first.covers(shown) and not second.covers(shown)


@pytest.mark.parametrize("text, cell", [("a <type> of [x]_y", r"a \<type\> of \[x\]\_y"), ("plain", "plain")])
def test_words_of_a_remedy_are_not_markup(text, cell):
    assert plain(text) == cell
