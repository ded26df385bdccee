"""Serves one page: the words of messages.properties in the template welcome.html, read anew for each request.

PORT is where it listens, WELCOME_SITE the folder of the two files (its own by default), WELCOME_SERVER a name to show.
"""

import html
import http.server
import os
import pathlib
import signal
import string
import sys


def messages(path: pathlib.Path) -> dict[str, str]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def page(site: pathlib.Path) -> str:
    base = pathlib.Path("/etc/base-version")
    words = {
        **messages(site / "messages.properties"),
        "base_version": base.read_text().strip() if base.exists() else "unknown",
        "server": os.environ.get("WELCOME_SERVER", "python"),
    }
    template = string.Template((site / "welcome.html").read_text(encoding="utf-8"))
    return template.substitute({name: html.escape(value) for name, value in words.items()})


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/":
            self.send_error(404)
            return
        site = pathlib.Path(os.environ.get("WELCOME_SITE") or pathlib.Path(__file__).parent)
        body = page(site).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ.get("PORT", "8080"))
    print(f"listening on port {port}", flush=True)
    http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()
