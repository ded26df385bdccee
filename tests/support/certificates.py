"""A certificate authority of the tests' own, and certificates of loopback servers signed by it."""

import pathlib
import subprocess


class Authority:
    def __init__(self, directory: pathlib.Path):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.certificate = directory / "ca.crt"
        self._key = directory / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=tests of build-service", "-keyout", self._key, "-out", self.certificate)

    def issue(self, *names: str, days: int = 2) -> tuple[pathlib.Path, pathlib.Path]:
        """Certificate and key of a server, for loopback and the given names. Of 0 days it has ended a second later."""
        base = self.directory / ("server-" + "-".join((*(names or ("loopback",)), str(days))))
        certificate, key, request, extensions = (base.with_suffix(suffix) for suffix in (".crt", ".key", ".csr", ".ext"))
        if not certificate.exists():
            alternatives = ["DNS:localhost", "IP:127.0.0.1", *(f"DNS:{name}" for name in names)]
            extensions.write_text(f"subjectAltName={','.join(alternatives)}\n")
            openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=localhost", "-keyout", key, "-out", request)
            openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                    "-days", str(days), "-extfile", extensions, "-out", certificate)
        return certificate, key

    def client(self, name: str, *groups: str) -> tuple[pathlib.Path, pathlib.Path]:
        """Certificate and key of a client; Kubernetes takes CN for the user's name and each O for a group."""
        base = self.directory / ("client-" + "-".join((name, *groups)).replace(":", "-").replace("/", "-"))
        certificate, key, request, extensions = (pathlib.Path(f"{base}.{suffix}") for suffix in ("crt", "key", "csr", "ext"))
        if not certificate.exists():
            extensions.write_text("extendedKeyUsage=clientAuth\n")
            subject = "".join(f"/O={group}" for group in groups) + f"/CN={name}"
            openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", subject, "-keyout", key, "-out", request)
            openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                    "-days", "2", "-extfile", extensions, "-out", certificate)
        return certificate, key


def openssl(*arguments) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
