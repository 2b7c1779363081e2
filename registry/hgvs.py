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

_NUMBER = r"[1-9][0-9]*"
_AMINO = r"(?:[A-Za-z]{3}|[A-Z]|\*)"
_STOP = r"(?:Ter|\*|X)"
_PLACE = rf"(?P<first>{_AMINO})(?P<position>{_NUMBER})(?:_(?P<last>{_AMINO})(?P<end>{_NUMBER}))?"
_CHANGE = (
    rf"(?:(?P<kind>delins|ins)(?P<inserted>{_AMINO}+)|(?P<plain>del|dup|=)"
    rf"|(?P<frame>{_AMINO}?)fs(?:{_STOP}(?P<stop>{_NUMBER}|\?))?"
    rf"|(?P<extended>{_AMINO})?ext(?:{_STOP}(?P<length>{_NUMBER}|\?)|(?P<before>-{_NUMBER}))"
    rf"|(?P<becomes>{_AMINO}|\?))"
)
_PROTEIN = rf"{_PLACE}{_CHANGE}"
_PROTEIN_REFERENCE = r"(?:[A-Za-z0-9_.]+:)?"
# Nothing known, no protein, perhaps no protein: none of them names a place.
_WHOLE = ("?", "0", "0?")

_POSITION = rf"[-*]?{_NUMBER}(?:[+-]{_NUMBER})?"
_BASES = "[ACGTN]"
_CODING = (
    r"(?:[A-Za-z0-9_.]+(?:\([A-Za-z0-9-]+\))?:)?c\.(?:"
    rf"{_POSITION}[ACGT](?:>[ACGT]|=)"
    rf"|{_POSITION}_{_POSITION}(?:ins{_BASES}+|inv)"
    rf"|{_POSITION}(?:_{_POSITION})?(?:delins{_BASES}+|del{_BASES}*|dup{_BASES}*|=)"
    r"|=|\?)"
)


def is_coding_change(text: str) -> bool:
    """Whether the text is a change of the coding DNA, with or without a transcript."""
    return re.fullmatch(_CODING, text) is not None


def normalised_protein_change(text: str) -> str:
    """The change of a protein in three letters and parentheses, p.R222X as p.(Arg222Ter).

    A reference sequence before the colon is kept. Raises ValueError where the text is no change
    of a protein.
    """
    reference, colon, change = text.rpartition(":")
    if not change.startswith("p.") or not re.fullmatch(_PROTEIN_REFERENCE, reference + colon):
        raise ValueError("a protein change begins with p.")
    prefix = f"{reference}{colon}p."
    body = change[2:]
    if body.startswith("(") and body.endswith(")"):
        body = body[1:-1]
    if body in _WHOLE:
        return prefix + body
    return f"{prefix}({body if body == '=' else _change_at_place(body)})"


def _change_at_place(body: str) -> str:
    match = re.fullmatch(_PROTEIN, body)
    if match is None:
        raise ValueError("not a protein change in HGVS")
    part = match.groupdict()
    name = _amino(part["first"]) + part["position"]
    if part["last"]:
        name += f"_{_amino(part['last'])}{part['end']}"
    if part["kind"]:
        if part["kind"] == "ins" and not part["last"]:
            raise ValueError("an insertion lies between two places")
        return name + part["kind"] + _aminos(part["inserted"])
    if part["plain"]:
        return name + part["plain"]
    if part["last"]:
        raise ValueError("such a change is at one place")
    if part["becomes"]:
        return name + (_amino(part["becomes"]) if part["becomes"] != "?" else "?")
    if part["length"] or part["before"]:
        extended = _amino(part["extended"]) if part["extended"] else ""
        return f"{name}{extended}ext{part['before'] or 'Ter' + part['length']}"
    frame = _amino(part["frame"]) if part["frame"] else ""
    return f"{name}{frame}fs" + (f"Ter{part['stop']}" if part["stop"] else "")


def _amino(text: str) -> str:
    name = AMINO_ACIDS.get(text) if len(text) == 1 else _THREE.get(text.lower())
    if name is None:
        raise ValueError(f"{text} is no amino acid")
    return name


def _aminos(text: str) -> str:
    """A sequence in three letters; only Ala, not ALA, is a name: ALA is three amino acids."""
    names = [text[start : start + 3] for start in range(0, len(text), 3)]
    if all(name in AMINO_ACIDS.values() for name in names):
        return text
    return "".join(_amino(letter) for letter in text)
