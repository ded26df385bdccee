"""A company's mirror of Maven Central on loopback: wants a password, and passes on what Central has.

    with MavenMirror("robot", "word") as mirror:
        mirror.settings         # settings.xml that names it for every repository
        mirror.served           # how many files it has given
"""

import base64
import http.server
import urllib.error
import urllib.request

from support.serving import Serving

CENTRAL = "https://repo.maven.apache.org/maven2"


class MavenMirror(Serving):
    def __init__(self, username: str, password: str):
        self.username, self.password = username, password
        self.wanted = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        self.served = 0

    def __enter__(self) -> "MavenMirror":
        return self._serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self)))

    @property
    def settings(self) -> str:
        url = f"http://127.0.0.1:{self._server.server_port}"
        return (f"<settings><mirrors><mirror><id>company</id><mirrorOf>*</mirrorOf><url>{url}</url></mirror></mirrors>"
                f"<servers><server><id>company</id><username>{self.username}</username>"
                f"<password>{self.password}</password></server></servers></settings>")


def handler_of(mirror: MavenMirror):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.headers.get("Authorization") != mirror.wanted:
                return self.answer(401, b"", ("WWW-Authenticate", 'Basic realm="company"'))
            try:
                with urllib.request.urlopen(CENTRAL + self.path, timeout=60) as response:
                    content = response.read()
            except urllib.error.HTTPError as error:
                return self.answer(error.code, b"")
            except OSError:
                return self.answer(502, b"")
            mirror.served += 1
            self.answer(200, content)

        def answer(self, status: int, content: bytes, *headers: tuple[str, str]) -> None:
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(content)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_) -> None:
            pass

    return Handler
