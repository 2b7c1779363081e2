"""Masks that cancel in a sum: what a hospital sends is random to whoever has not all of them.

Each two hospitals agree on a number that nobody else knows; one adds it, the other subtracts it.
Numbers are integers modulo 2^256 with 128 binary places, so a sum of masked numbers is the sum of
the numbers themselves, without rounding (Bonawitz et al., CCS 2017, without its recovery).

The secret of two is X25519 of the keys by which they sign: a key of Ed25519 is one of X25519 by the
map between the two forms of the curve (RFC 7748, section 4.1; as libsodium's
crypto_sign_ed25519_*_to_curve25519). HKDF makes of it a key for each envelope, pair and part, and
SHAKE-256 the masks of that.
"""

from __future__ import annotations

import hashlib
import math
from base64 import b64decode
from collections.abc import Mapping, Sequence
from fractions import Fraction

from registry.errors import Refused
from registry.study.keys import Private, Public
from registry.words import tr

BITS, PLACES = 256, 128
MODULUS = 1 << BITS
_BYTES = BITS // 8
_LARGEST = 1 << 100
_FIELD = 2**255 - 19
_LABEL = b"registry study: masks of two hospitals"

Values = Sequence[int | float | Fraction]


def masked(
    parts: Mapping[str, Values],
    groups: Mapping[str, Sequence[Public]],
    key: Private,
    *,
    study: str,
    envelope: str,
) -> dict[str, list[str]]:
    """The numbers of each part as they leave, in hexadecimal.

    Args:
        parts: a hospital's numbers.
        groups: of each part who adds to it, this hospital among them.
        key: the hospital's.
        study: hash of the first envelope.
        envelope: hash of the one that is answered.

    Raises Refused for a key of another with which no secret can be made.
    """
    secrets = {
        one: _secret_of(key, one) for group in groups.values() for one in group if one != key.public
    }
    made = {}
    for part, values in parts.items():
        sums = [_integer(value) for value in values]
        for other in groups[part]:
            if other == key.public:
                continue
            two = sorted((key.public.key, other.key))
            sign = 1 if two[0] == key.public.key else -1
            stream = _stream(secrets[other], [study, envelope, part, *two], len(sums))
            sums = [value + sign * mask for value, mask in zip(sums, stream, strict=True)]
        made[part] = [f"{value % MODULUS:0{2 * _BYTES}x}" for value in sums]
    return made


def opened(answers: Sequence[Sequence[str]]) -> list[Fraction]:
    """The sums of a part, of all who add to it. ValueError where they do not fit each other."""
    sums = []
    for column in zip(*answers, strict=True):
        if any(len(one) != 2 * _BYTES for one in column):
            raise ValueError
        total = sum(int(one, 16) for one in column) % MODULUS
        signed = total - MODULUS if total >= MODULUS // 2 else total
        if abs(signed) >> PLACES >= _LARGEST:
            raise ValueError("a mask is left in a sum")
        sums.append(Fraction(signed, 1 << PLACES))
    return sums


def _integer(value: int | float | Fraction) -> int:
    if not math.isfinite(value) or abs(exact := Fraction(value)) >= _LARGEST >> 7:
        raise Refused(tr("A number is too large to be masked."))
    return round(exact * (1 << PLACES))


def _stream(secret: bytes, names: Sequence[str], size: int) -> list[int]:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    study, *rest = (name.encode() for name in names)
    info = b"\0".join([_LABEL, *rest])
    key = HKDF(algorithm=SHA256(), length=32, salt=study, info=info).derive(secret)
    drawn = hashlib.shake_256(key).digest(size * _BYTES)
    return [int.from_bytes(drawn[place : place + _BYTES]) for place in range(0, len(drawn), _BYTES)]


def _secret_of(key: Private, other: Public) -> bytes:
    """What the two alone know."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    own = X25519PrivateKey.from_private_bytes(hashlib.sha512(key.secret).digest()[:32])
    try:
        return own.exchange(X25519PublicKey.from_public_bytes(montgomery(other)))
    except ValueError:
        raise Refused(
            tr("No masks can be made with the key of {name}.", name=other.name),
            cure=tr("It needs a key of its own: registry study key"),
        ) from None


def montgomery(public: Public) -> bytes:
    """A public key of Ed25519 as one of X25519: u = (1 + y) / (1 - y)."""
    y = int.from_bytes(b64decode(public.key), "little") & ((1 << 255) - 1)
    u = (1 + y) * pow(1 - y, -1, _FIELD) % _FIELD if (1 - y) % _FIELD else 0
    return u.to_bytes(32, "little")
