"""HGVS names: what is one, and the three-letter form of a protein change."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.hgvs import is_coding_change, normalised_protein_change

# As written -> as the nomenclature recommends; X and * for a stop mean Ter.
PROTEIN = {
    # The two monogenic diseases of the study.
    "p.R222X": "p.(Arg222Ter)",
    "p.L253P": "p.(Leu253Pro)",
    # Substitutions.
    "p.R222*": "p.(Arg222Ter)",
    "p.Arg222Ter": "p.(Arg222Ter)",
    "p.Arg222*": "p.(Arg222Ter)",
    "p.Arg222X": "p.(Arg222Ter)",
    "p.(Arg222Ter)": "p.(Arg222Ter)",
    "p.(R222X)": "p.(Arg222Ter)",
    "p.arg222ter": "p.(Arg222Ter)",
    "p.Trp24Cys": "p.(Trp24Cys)",
    "p.U35C": "p.(Sec35Cys)",
    "NP_001158.2:p.R222X": "NP_001158.2:p.(Arg222Ter)",
    "NP_001158.2:p.(Arg222Ter)": "NP_001158.2:p.(Arg222Ter)",
    # Unchanged, unknown, no protein.
    "p.=": "p.(=)",
    "p.(=)": "p.(=)",
    "p.C188=": "p.(Cys188=)",
    "p.?": "p.?",
    "p.0": "p.0",
    "p.0?": "p.0?",
    "p.M1?": "p.(Met1?)",
    # Frameshifts.
    "p.R97Pfs*23": "p.(Arg97ProfsTer23)",
    "p.R97PfsX23": "p.(Arg97ProfsTer23)",
    "p.Arg97ProfsTer23": "p.(Arg97ProfsTer23)",
    "p.(Arg97Profs*23)": "p.(Arg97ProfsTer23)",
    "p.R97fs": "p.(Arg97fs)",
    "p.Arg97fs": "p.(Arg97fs)",
    "p.I327Rfs*?": "p.(Ile327ArgfsTer?)",
    "p.F25Sfs*3": "p.(Phe25SerfsTer3)",
    # Deletions, duplications, insertions.
    "p.V7del": "p.(Val7del)",
    "p.K23_V25del": "p.(Lys23_Val25del)",
    "p.Lys23_Val25del": "p.(Lys23_Val25del)",
    "p.A3dup": "p.(Ala3dup)",
    "p.A3_S5dup": "p.(Ala3_Ser5dup)",
    "p.H4_Q5insA": "p.(His4_Gln5insAla)",
    "p.His4_Gln5insAla": "p.(His4_Gln5insAla)",
    "p.K2_G3insQSK": "p.(Lys2_Gly3insGlnSerLys)",
    "p.Lys2_Gly3insGlnSerLys": "p.(Lys2_Gly3insGlnSerLys)",
    "p.H4_Q5insALA": "p.(His4_Gln5insAlaLeuAla)",
    "p.C28delinsWV": "p.(Cys28delinsTrpVal)",
    "p.C28_K29delinsW": "p.(Cys28_Lys29delinsTrp)",
    "p.Cys28delinsTrpVal": "p.(Cys28delinsTrpVal)",
    "p.N47delinsSSX": "p.(Asn47delinsSerSerTer)",
    # Extensions, at the end and at the beginning.
    "p.*110Qext*17": "p.(Ter110GlnextTer17)",
    "p.X110QextX17": "p.(Ter110GlnextTer17)",
    "p.*315Text*?": "p.(Ter315ThrextTer?)",
    "p.M1ext-5": "p.(Met1ext-5)",
}
NO_PROTEIN = (
    "",
    "p.",
    "p.()",
    "p",
    "R222X",
    "p.R222",
    "p.222X",
    "p.r222X",
    "p.R0X",
    "p.R022X",
    "p.B22C",
    "p.Xaa22Ter",
    "p.Foo22Ter",
    "p. R222X",
    "p.R222X ",
    " p.R222X",
    "p.R222X\n",
    "p.(R222X",
    "p.R222X)",
    "p.((R222X))",
    "p.R٢٢٢X",
    "P.R222X",
    "c.664C>T",
    "my notes:p.R222X",
    ":p.R222X",
    "p.A1_C3G",
    "p.A1_C3fs",
    "p.A1insG",
    "p.A1_C2ins",
    "p.A1_C2insal",
    "p.R97fs*0",
)

CODING = (
    "c.664C>T",
    "c.758T>C",
    "NM_001167.4:c.664C>T",
    "NM_001167.4(XIAP):c.664C>T",
    "ENST00000371199.8:c.664C>T",
    "c.88+1G>A",
    "c.89-2A>C",
    "c.-14G>C",
    "c.*46T>A",
    "c.-85+1G>A",
    "c.123A=",
    "c.123=",
    "c.=",
    "c.?",
    "c.19del",
    "c.19delT",
    "c.19_21del",
    "c.1704+1del",
    "c.20dup",
    "c.20_23dup",
    "c.169_170insA",
    "c.112_117delinsTG",
    "c.145_147delinsTGG",
    "c.76delinsGT",
    "c.5657_5660inv",
)
NO_CODING = (
    "",
    "c.",
    "664C>T",
    "c.664",
    "c.C664T",
    "c.664C>",
    "c.664c>t",
    "c.664C>U",
    "c.664C>TT",
    "c.664 C>T",
    "c.664C>T ",
    "c.664C>T\n",
    "C.664C>T",
    "c.0A>G",
    "c.٦A>G",
    "c.664_665C>T",
    "c.169insA",
    "c.169_170ins",
    "c.5657inv",
    "g.664C>T",
    "p.R222X",
    "my notes:c.664C>T",
    ":c.664C>T",
)


@pytest.mark.parametrize(("written", "recommended"), PROTEIN.items())
def test_a_protein_change_in_three_letters(written: str, recommended: str) -> None:
    assert normalised_protein_change(written) == recommended
    assert normalised_protein_change(recommended) == recommended


@pytest.mark.parametrize("written", NO_PROTEIN)
def test_what_is_no_protein_change(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normalised_protein_change(written)


@pytest.mark.parametrize("written", CODING)
def test_a_change_of_the_coding_dna(written: str) -> None:
    assert is_coding_change(written)


@pytest.mark.parametrize("written", NO_CODING)
def test_what_is_no_change_of_the_coding_dna(written: str) -> None:
    assert not is_coding_change(written)


AMINO_ACIDS = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu",
    "G": "Gly", "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe",
    "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "U": "Sec",
    "X": "Ter", "*": "Ter",
}  # fmt: skip
PIECES = st.sampled_from(
    [
        *AMINO_ACIDS.keys(),
        *AMINO_ACIDS.values(),
        *("Xaa", "ala", "ALA"),
        *("p.", "(", ")", "_", "del", "ins", "dup", "fs", "ext", "=", "?", "0", "1", "97", "-5"),
        *("c.", ">", ":", "NP_1.2", " ", "\n", "٣", "\x00"),
    ]
)
PIECED = st.lists(PIECES, max_size=9).map(lambda pieces: "p." + "".join(pieces))
ANYTHING = st.text(max_size=30) | PIECED | st.lists(PIECES, max_size=9).map("".join)


@given(ANYTHING)
def test_any_text_is_a_change_or_a_value_error(text: str) -> None:
    """And what is one is not changed by being normalised again."""
    with contextlib.suppress(ValueError):
        once = normalised_protein_change(text)
        assert normalised_protein_change(once) == once
        assert not any(character.isspace() for character in once)


@given(ANYTHING.map(lambda text: f"c.{text}"))
def test_any_text_is_coding_or_not(text: str) -> None:
    assert is_coding_change(text) in (True, False)


@given(
    st.sampled_from(list(AMINO_ACIDS)),
    st.integers(1, 9999),
    st.sampled_from(list(AMINO_ACIDS)),
    st.sampled_from(["", "NP_001158.2:"]),
)
def test_one_and_three_letters_mean_the_same(
    before: str, position: int, after: str, reference: str
) -> None:
    short = f"{reference}p.{before}{position}{after}"
    long = f"{reference}p.({AMINO_ACIDS[before]}{position}{AMINO_ACIDS[after]})"
    assert normalised_protein_change(short) == normalised_protein_change(long) == long
