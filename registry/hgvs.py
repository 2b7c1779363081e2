"""HGVS names of changes: what is accepted, and the three-letter form of a protein change.

Source: HGVS nomenclature, recommendations on DNA and protein level. `X` and `*` for a stop mean
`Ter`; a change of the protein predicted from the DNA goes in parentheses.
"""

from __future__ import annotations

import re

AMINO_ACIDS = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu",
    "G": "Gly", "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe",
    "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "U": "Sec",
    "X": "Ter", "*": "Ter",
}  # fmt: skip
_THREE = {name.lower(): name for name in AMINO_ACIDS.values()}

_AMINO = r"(?:[A-Za-z]{3}|[A-Z]|\*)"
_RANGE = rf"(?P<first>{_AMINO})(?P<position>\d+)(?:_(?P<last>{_AMINO})(?P<end>\d+))?"
_CHANGE = (
    rf"(?:(?P<kind>delins|ins)(?P<inserted>{_AMINO}+)|(?P<plain>del|dup|=)"
    rf"|(?P<frame>{_AMINO}?)fs(?:(?:Ter|\*|X)(?P<stop>\d+|\?))?"
    rf"|(?P<extended>{_AMINO})?ext(?:Ter|\*|X)(?P<length>\d+|\?)"
    rf"|(?P<becomes>{_AMINO}|\?))"
)
_PROTEIN = re.compile(rf"{_RANGE}{_CHANGE}")

_POSITION = r"[-*]?\d+(?:[+-]\d+)?"
_CODING = re.compile(
    r"(?:[A-Za-z0-9_.]+(?:\([A-Za-z0-9-]+\))?:)?c\.(?:"
    rf"{_POSITION}(?:_{_POSITION})?"
    r"(?:[ACGT]>[ACGT]|delins[ACGTN]+|del[ACGTN]*|dup[ACGTN]*|ins[ACGTN]+|inv|=|[ACGT]=)|=|\?)"
)


def is_coding_change(text: str) -> bool:
    """Whether the text is a change of the coding DNA, with or without a transcript."""
    return _CODING.fullmatch(text) is not None


def normalised_protein_change(text: str) -> str:
    """The change of a protein in three letters and parentheses, p.R222X as p.(Arg222Ter).

    A reference sequence before the colon is kept. Raises ValueError where the text is no change
    of a protein.
    """
    reference, colon, change = text.rpartition(":")
    if not change.startswith("p."):
        raise ValueError("a protein change begins with p.")
    body = change[2:].strip()
    if body.startswith("(") and body.endswith(")"):
        body = body[1:-1]
    if body in ("?", "0", "="):
        return f"{reference}{colon}p.{body}" if body != "=" else f"{reference}{colon}p.(=)"
    match = _PROTEIN.fullmatch(body)
    if match is None:
        raise ValueError("not a protein change in HGVS")
    part = match.groupdict()
    name = _amino(part["first"]) + part["position"]
    if part["last"]:
        name += f"_{_amino(part['last'])}{part['end']}"
    if part["kind"]:
        name += part["kind"] + _aminos(part["inserted"])
    elif part["plain"]:
        name += part["plain"]
    elif part["becomes"]:
        name += _amino(part["becomes"]) if part["becomes"] != "?" else "?"
    elif part["length"]:
        name += (_amino(part["extended"]) if part["extended"] else "") + f"extTer{part['length']}"
    else:
        name += _amino(part["frame"]) if part["frame"] else ""
        name += "fs" + (f"Ter{part['stop']}" if part["stop"] else "")
    return f"{reference}{colon}p.({name})"


def _amino(text: str) -> str:
    name = AMINO_ACIDS.get(text) if len(text) == 1 else _THREE.get(text.lower())
    if name is None:
        raise ValueError(f"{text} is no amino acid")
    return name


def _aminos(text: str) -> str:
    try:
        if len(text) % 3 == 0:
            return "".join(_amino(text[i : i + 3]) for i in range(0, len(text), 3))
    except ValueError:
        pass
    return "".join(_amino(letter) for letter in text)
