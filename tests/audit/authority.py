"""A time stamp authority of the tests' own: a server on this machine that signs by openssl."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

CONFIGURATION = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name} root
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
"""


@dataclass
class Authority:
    """Where it is asked, and its root; `says` changes the next answer: bytes, or a status of HTTP.

    `asked` holds the bodies of all requests.
    """

    folder: Path
    url: str = ""
    says: bytes | int | None = None
    asked: list[bytes] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """Its root certificate."""
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        """A time stamp of what is asked."""
        (self.folder / "query").write_bytes(query)
        self._openssl(
            "ts -reply -queryfile query -config cnf -section tsa -signer leaf.pem "
            "-inkey leaf.key -out answer"
        )
        return (self.folder / "answer").read_bytes()

    def make(self, name: str) -> None:
        """Its keys and certificates."""
        self.folder.mkdir(exist_ok=True)
        text = CONFIGURATION.format(name=name, folder=self.folder)
        (self.folder / "cnf").write_text(text)
        (self.folder / "serial").write_text("01\n")
        for command in (
            "ecparam -name prime256v1 -genkey -noout -out root.key",
            "ecparam -name prime256v1 -genkey -noout -out leaf.key",
            "req -x509 -new -key root.key -config cnf -extensions root -days 9999 -out root.pem",
            f"req -new -key leaf.key -config cnf -subj /CN={name} -out leaf.csr",
            "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -set_serial 2 -extfile cnf "
            "-extensions leaf -days 9999 -out leaf.pem",
        ):
            self._openssl(command)

    def _openssl(self, command: str) -> None:
        subprocess.run(
            ["openssl", *command.split()], cwd=self.folder, check=True, capture_output=True
        )


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """One that answers until the end."""
    made = Authority(folder)
    made.make(folder.name)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is the library's
            query = self.rfile.read(int(self.headers["Content-Length"]))
            made.asked.append(query)
            status = made.says if isinstance(made.says, int) else 200
            body = made.says if isinstance(made.says, bytes) else made.answer(query)
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
