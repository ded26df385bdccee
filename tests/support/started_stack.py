"""Several servers as one context."""

import contextlib


class StartedStack(contextlib.ExitStack):
    """Entering it runs _start(), which enters what belongs to it; what had been started ends when that fails."""

    def __enter__(self):
        super().__enter__()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self) -> None:
        raise NotImplementedError
