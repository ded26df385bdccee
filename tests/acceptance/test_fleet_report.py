"""report.html in a real browser, light and dark: it needs no network, says what it should, and can be read. Release tier."""

import json
import os
import re
import subprocess

import pytest

from support.fleet import Storage
from support.program import run_program
from support.registry_server import RegistryServer

pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def report(programs, tmp_path_factory):
    """The report of a put with images of several states; one reason tries to be markup."""
    work = tmp_path_factory.mktemp("report")
    with RegistryServer(work / "registry") as server:
        storage = Storage(server.data, server.host)
        old = storage.base("3.0.11-1", tag="1")
        storage.base("3.0.15-1", tag="2")
        storage.application("acme/shop", "main", "3.0.11-1", old)
        storage.application("acme/audit", "main", "3.0.11-1", old,
                            labels={"io.build-service.fleet.pin": "<script>document.title='run'</script>"})
        images = [f"{server.host}/acme/{name}:main" for name in ("shop", "audit", "gone")]
        source = {"fleet": {"record": f"{server.host}/acme/fleet:main", "images": images}}
        put = run_program(programs, "out", {"source": source, "params": {"run_image": f"{server.host}/run:2"}}, work)
        got = run_program(programs, "in", {"source": source, "version": put.answer["version"]}, work / "get")
        assert got.status == 0, got.stderr
    return work / "get/report.html"


def browser(home, *arguments) -> str:
    """Headless chromium without a network: every name and every request goes nowhere."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,1400",
               "--proxy-server=127.0.0.1:9", f"--user-data-dir={home / 'profile'}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": str(home)})
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def ground_of(screenshot, tmp_path) -> int:
    """How bright the page's upper left corner is: 0 to 255. Chromium itself reads its picture."""
    page = tmp_path / "look.html"
    page.write_text(f"""<img src="{screenshot.as_uri()}"><script>
        const image = document.querySelector("img");
        image.onload = () => {{
          const canvas = document.createElement("canvas"); canvas.width = canvas.height = 1;
          const context = canvas.getContext("2d"); context.drawImage(image, -4, -4);
          document.body.append("ground=" + context.getImageData(0, 0, 1, 1).data[0]);
        }};</script>""")
    text = browser(tmp_path, "--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom", page.as_uri())
    return int(re.search(r"ground=(\d+)", text)[1])


def test_the_page_is_whole_and_nothing_in_it_runs(report, tmp_path):
    page = browser(tmp_path, "--dump-dom", report.as_uri())
    for words in ("For a person to look at (1)", "openssl 3.0.11-1 -&gt; 3.0.15-1", "there is no such image", "acme/shop:main"):
        assert words in page
    assert "<title>run</title>" not in page and "<script" not in page
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert loaded == [], json.dumps(loaded)


@pytest.mark.parametrize(("scheme", "is_light"), [("light", True), ("dark", False)])
def test_the_page_follows_the_readers_light_or_dark(report, tmp_path, scheme, is_light):
    screenshot = tmp_path / "page.png"
    setting = "--blink-settings=preferredColorScheme=" + ("1" if scheme == "light" else "0")
    browser(tmp_path, setting, f"--screenshot={screenshot}", report.as_uri())
    assert screenshot.stat().st_size > 20_000
    assert (ground_of(screenshot, tmp_path) > 200) is is_light
