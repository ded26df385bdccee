"""A server under the names of real hosts: GitHub's, or a cloud's."""

import http.server
import ssl

from support.certificates import Authority
from support.connect_proxy import ConnectProxy
from support.serving import Serving


class _NamedServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_) -> None:
        """A client that hangs up is part of the tests."""


class NamedServing(Serving):
    """By the names of real hosts: `environment` names a proxy that leads them here and nothing else anywhere, and the
    authority of their certificates."""

    authority: Authority

    def _serve_names(self, handler, context: ssl.SSLContext, names):
        server = _NamedServer(("127.0.0.1", 0), handler)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self._serve(server)
        self._proxy = ConnectProxy(routes={f"{name}:443": server.server_port for name in names}).__enter__()
        return self

    def __exit__(self, *_) -> None:
        self._proxy.__exit__()
        super().__exit__()

    @property
    def environment(self) -> dict:
        return {"https_proxy": self._proxy.url, "SSL_CERT_FILE": str(self.authority.certificate)}

    @property
    def connected(self) -> set[str]:
        """Every place that was asked for."""
        return set(self._proxy.connected)
