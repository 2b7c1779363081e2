"""Who signs the files of a study: a pair of keys (Ed25519), the private one in its owner's file."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.errors import Refused, WrongUsage, read_from
from registry.whole_file import require_free, write_whole
from registry.words import tr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC_ENDING = ".pub"
KEY_BYTES = 32
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_MARK = b"registry study: what the data were"


@dataclass(frozen=True)
class Public:
    """Who somebody is to others: a name and the public key in base64."""

    name: str
    key: str

    def to_json(self) -> dict[str, str]:
        """As one JSON object."""
        return {"name": self.name, "key": self.key}

    def has_signed(self, signature: str, signed: bytes) -> bool:
        """Whether the signature over the bytes was made with its private key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            key = Ed25519PublicKey.from_public_bytes(b64decode(self.key, validate=True))
            key.verify(b64decode(signature, validate=True), signed)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Private:
    """A name and its private key, which is in no file of a study."""

    name: str
    secret: bytes

    @property
    def public(self) -> Public:
        """What others know it by."""
        return Public(self.name, _encoded(self._key().public_key().public_bytes_raw()))

    def sign(self, signed: bytes) -> str:
        """The signature over the bytes, in base64."""
        return _encoded(self._key().sign(signed))

    def mark(self, data: bytes) -> str:
        """A hash of data that only whoever has the key can make, or compare with data."""
        return hmac.new(_MARK + self.secret, data, "sha256").hexdigest()

    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.secret)


def make_key(name: str, path: Path) -> Public:
    """Writes a new private key, for its owner only, and the public one beside it.

    Raises Refused where one of the two files is there, WrongUsage for a name of no letters.
    """
    if not name.strip() or _NAME.fullmatch(name) is None:
        raise WrongUsage(tr("A key needs the name of a hospital, of one line and 80 letters."))
    import secrets

    beside = public_file(path)
    require_free(path, beside, force=False)
    made = Private(name.strip(), secrets.token_bytes(KEY_BYTES))
    write_json(path, {"name": made.name, "private_key": _encoded(made.secret)})
    write_json(beside, made.public.to_json())
    return made.public


def public_file(path: Path) -> Path:
    """The file of the public key that belongs to a private one."""
    return path.with_name(path.name + PUBLIC_ENDING)


def private_of(path: Path) -> Private:
    """The private key of a file. Refused where it holds none."""
    found = read_json(path)
    try:
        secret = b64decode(found["private_key"], validate=True)
        if len(secret) != KEY_BYTES:
            raise ValueError
        return Private(str(found["name"]), secret)
    except (KeyError, TypeError, ValueError):
        raise Refused(
            tr("{file} holds no private key.", file=path),
            cure=tr('Make one by: registry study key "Hospital" --to FILE'),
        ) from None


def public_of(path: Path) -> Public:
    """The public key of a file. Refused where it holds none."""
    found = read_json(path)
    try:
        if "private_key" in found or len(b64decode(found["key"], validate=True)) != KEY_BYTES:
            raise ValueError
        return Public(str(found["name"]), str(found["key"]))
    except (KeyError, TypeError, ValueError):
        raise Refused(
            tr("{file} holds no public key.", file=path),
            cure=tr("A hospital sends the file that ends in .pub, and keeps the other."),
        ) from None


def read_json(path: Path) -> Any:
    """What a file holds. NotFound without it, Refused where it cannot be read or is no JSON."""
    try:
        with read_from(path), path.open("rb") as file:
            found = json.loads(file.read(MOST_BYTES + 1)[: MOST_BYTES + 1])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(tr("{file} is no file of a study.", file=path))
    return found


MOST_BYTES = 20_000_000
"""No file of a study is larger; what is cut there is no JSON any more."""


def write_json(path: Path, document: Any) -> None:
    """Writes an object for its owner only, whole or not at all."""
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"), make_folder=True)


def _encoded(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
