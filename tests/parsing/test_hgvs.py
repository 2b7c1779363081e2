"""HGVS: any text is a change or refused; what is printed is read as the same change."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from registry.hgvs import is_coding_change, normalised_protein_change

from .texts import any_text

AMINO_ACIDS = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly",
    "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser",
    "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val",
}  # fmt: skip
letters = st.sampled_from(sorted(AMINO_ACIDS))
positions = st.integers(1, 9999)


@given(any_text)
@example("c." + "1" * 100_000)
def test_any_text_is_a_coding_change_or_none(text: str) -> None:
    assert is_coding_change(text) in (True, False)


@given(st.one_of(any_text, any_text.map("p.{}".format)))
@example("p." + "A" * 100_000)
def test_any_text_is_a_protein_change_that_prints_as_itself_or_refused(text: str) -> None:
    try:
        printed = normalised_protein_change(text)
    except ValueError:
        return
    assert normalised_protein_change(printed) == printed


@given(letters, positions, st.one_of(letters, st.sampled_from("*X")))
def test_a_substitution_in_one_letter_or_three(old: str, position: int, new: str) -> None:
    three = AMINO_ACIDS.get(new, "Ter")
    if old == new:
        return
    expected = f"p.({AMINO_ACIDS[old]}{position}{three})"
    for text in (
        f"p.{old}{position}{new}",
        f"p.({old}{position}{new})",
        f"p.{AMINO_ACIDS[old]}{position}{three}",
        expected,
    ):
        assert normalised_protein_change(text) == expected


@given(positions, st.permutations("ACGT"), st.sampled_from(("", "NM_001167.4:")))
def test_a_substitution_of_dna(position: int, bases: list[str], transcript: str) -> None:
    assert is_coding_change(f"{transcript}c.{position}{bases[0]}>{bases[1]}")
    assert not is_coding_change(f"{transcript}c.{position}{bases[0]}->{bases[1]}")
    assert not is_coding_change(f"{transcript}{position}{bases[0]}>{bases[1]}")
