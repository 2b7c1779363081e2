"""What an entry is answered from: bands of the PCDAI's items, chromosomes of genes, usual doses."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PCDAI = "PCDAI: Hyams et al., J Pediatr Gastroenterol Nutr 1991;12:439-447"
PARIS = "Paris classification: Levine et al., Inflamm Bowel Dis 2011;17:1314-1321"
STUDY = "the published study"
OURS = "this registry's choice"
WHO = "WHO Anthro and AnthroPlus: flags of implausible Z-scores"

EVERY_AGE = "[0,)"

# (measure, sex, completed years, band, reading, source): ranges as PostgreSQL writes them.
BANDS = (
    ("hematocrit", "any", "[0,11)", "[33,)", "0", PCDAI),
    ("hematocrit", "any", "[0,11)", "[28,33)", "2.5", PCDAI),
    ("hematocrit", "any", "[0,11)", "(,28)", "5", PCDAI),
    ("hematocrit", "male", "[11,15)", "[35,)", "0", PCDAI),
    ("hematocrit", "male", "[11,15)", "[30,35)", "2.5", PCDAI),
    ("hematocrit", "male", "[11,15)", "(,30)", "5", PCDAI),
    ("hematocrit", "male", "[15,20)", "[37,)", "0", PCDAI),
    ("hematocrit", "male", "[15,20)", "[32,37)", "2.5", PCDAI),
    ("hematocrit", "male", "[15,20)", "(,32)", "5", PCDAI),
    ("hematocrit", "female", "[11,20)", "[34,)", "0", PCDAI),
    ("hematocrit", "female", "[11,20)", "[29,34)", "2.5", PCDAI),
    ("hematocrit", "female", "[11,20)", "(,29)", "5", PCDAI),
    ("esr", "any", EVERY_AGE, "(,20)", "0", PCDAI),
    ("esr", "any", EVERY_AGE, "[20,50]", "2.5", PCDAI),
    ("esr", "any", EVERY_AGE, "(50,)", "5", PCDAI),
    ("albumin", "any", EVERY_AGE, "[35,)", "0", PCDAI),
    ("albumin", "any", EVERY_AGE, "(30,35)", "5", PCDAI),
    ("albumin", "any", EVERY_AGE, "(,30]", "10", PCDAI),
    # Per cent of the earlier weight. The index begins a loss at 1 %, so less than that either way
    # is stable.
    ("weight", "any", EVERY_AGE, "[1,)", "0", PCDAI),
    ("weight", "any", EVERY_AGE, "(-10,1)", "5", PCDAI),
    ("weight", "any", EVERY_AGE, "(,-10]", "10", PCDAI),
    ("cdeis", "any", EVERY_AGE, "(,3)", "remission", STUDY),
    ("cdeis", "any", EVERY_AGE, "[3,9)", "mild", STUDY),
    ("cdeis", "any", EVERY_AGE, "[9,12)", "moderate", STUDY),
    ("cdeis", "any", EVERY_AGE, "[12,)", "severe", STUDY),
    ("age_at_diagnosis", "any", EVERY_AGE, "(,10)", "A1a", PARIS),
    ("age_at_diagnosis", "any", EVERY_AGE, "[10,17)", "A1b", PARIS),
    ("age_at_diagnosis", "any", EVERY_AGE, "[17,41)", "A2", PARIS),
)

# (key, value, unit, meaning, source)
LIMITS = (
    ("visit_days_before", "14", "days", "A value counts for a visit at most so old", OURS),
    ("visit_days_after", "3", "days", "A value counts for a visit at most so late", OURS),
    (
        "earlier_weight_from",
        "28",
        "days",
        "Weight item: the earlier weight is older by",
        OURS,
    ),
    ("earlier_weight_to", "180", "days", "Weight item: the earlier weight is older by up to", OURS),
    ("dose_high", "10", "mg/kg", "Usual dose of infliximab up to", STUDY),
    ("interval_short", "28", "days", "Usual interval after induction from", OURS),
    ("interval_long", "70", "days", "Usual interval after induction up to", OURS),
    (
        "weight_jump_near",
        "10",
        "%",
        "A weight jumps when one near differs by more than",
        OURS,
    ),
    ("weight_jump_near_days", "60", "days", "Near is up to", OURS),
    ("weight_jump_far", "20", "%", "A weight jumps when any other differs by more than", OURS),
    ("weight_jump_far_days", "365", "days", "A weight further away tells nothing", OURS),
    ("z_difference", "0.5", "SD", "An entered Z-score may differ from the computed by", OURS),
    ("z_implausible_height", "6", "SD", "A Z-score of height is implausible beyond", WHO),
    ("z_implausible_weight", "6", "SD", "A Z-score of weight is implausible beyond", WHO),
    ("z_implausible_bmi", "5", "SD", "A Z-score of the BMI is implausible beyond", WHO),
)

# Chromosome -> genes of monogenic inflammatory bowel disease, by their symbols of today.
GENES = {
    "1": "CD55 IL10 IRF2BP2 MASP2 NCF2 PIK3CD STXBP3",
    "2": "ADAM17 ALPI ANKZF1 CASP8 CTLA4 EPCAM ICOS NLRC4 STAT1 TTC7A ZAP70",
    "3": "COL7A1 PRKCD SLCO2A1 TGFBR2 TRNT1",
    "4": "IL21 LRBA",
    "5": "OTULIN PIK3R1 SKIC3 SLC9A3 SPINK5",
    "6": "BACH2 HSPA1L RIPK1 SKIC2 TNFAIP3 ZBTB24",
    "7": "ARPC1B EGFR NCF1 SAMD9 SLC26A3",
    "9": "DOCK8 SYK TGFBR1",
    "10": "DCLRE1C HPS1 HPS6 IL2RA PTEN SIRT1",
    "11": "IL10RA RAG1 RAG2 RELA SLC37A4 STIM1 TRIM22",
    "12": "AICDA GUCY2C MVK",
    "13": "LIG4",
    "15": "DUOX2",
    "16": "CYBA MEFV NFAT5 PLCG2",
    "17": "CYBC1 G6PC3 STAT3 STAT5B",
    "18": "MYO5B NPC1",
    "19": "PEPD PLVAP STXBP2 TGFB1",
    "20": "ADA FERMT1 ITCH RTEL1",
    "21": "IL10RB ITGB2",
    "22": "HPS4 IL2RB NCF4",
    "X": "BTK CD40LG CYBB DKC1 ELF4 FOXP3 IKBKG IL2RG POLA1 SH2D1A WAS XIAP",
}
PREVIOUS_SYMBOLS = {
    "CYBC1": ["C17orf62"],
    "IKBKG": ["NEMO"],
    "OTULIN": ["FAM105B"],
    "SKIC2": ["SKIV2L"],
    "SKIC3": ["TTC37"],
    "TNFAIP3": ["A20"],
    "XIAP": ["BIRC4"],
}
HGNC = "HGNC"

TABLES = ("score_band", "entry_limit", "gene")


def upgrade() -> None:
    op.create_table(
        "score_band",
        sa.Column("measure", sa.Text, nullable=False),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("years", postgresql.INT4RANGE, nullable=False),
        sa.Column("band", postgresql.NUMRANGE, nullable=False),
        sa.Column("reading", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("measure", "sex", "years", "band", name="pk_score_band"),
        schema="reference",
    )
    op.create_table(
        "entry_limit",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Numeric, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("meaning", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_entry_limit"),
        schema="reference",
    )
    op.create_table(
        "gene",
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("chromosome", sa.Text, nullable=False),
        sa.Column("previous_symbols", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("symbol", name="pk_gene"),
        schema="reference",
    )
    fill("score_band", ("measure", "sex", "years", "band", "reading", "source"), BANDS)
    fill("entry_limit", ("key", "value", "unit", "meaning", "source"), LIMITS)
    genes = [
        (symbol, chromosome, "{" + ",".join(PREVIOUS_SYMBOLS.get(symbol, ())) + "}", HGNC)
        for chromosome, symbols in GENES.items()
        for symbol in symbols.split()
    ]
    fill("gene", ("symbol", "chromosome", "previous_symbols", "source"), genes)


def fill(table: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Inserts the rows; the server reads each value by the type of its column."""
    values = ", ".join(
        "(" + ", ".join("'" + value.replace("'", "''") + "'" for value in row) + ")" for row in rows
    )
    op.execute(f"insert into reference.{table} ({', '.join(columns)}) values {values}")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema="reference")
