"""What the small HTTP servers of the tests share: a thread that serves while one is entered.

    class Mirror(Serving):
        def __enter__(self):
            return self._serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self)))
"""

import http.server
import ssl
import threading


class Serving:
    """Leaving it ends what _serve() began: no request is answered any more, and the port is free."""

    def _serve(self, server: http.server.ThreadingHTTPServer):
        server.daemon_threads = True
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def tls_context(pair) -> ssl.SSLContext:
    """A server's, of its certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, pair))
    return context
