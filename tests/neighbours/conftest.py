"""A registry of five children, some of whom do not leave it whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.codes import known_codes
from registry.database.engine import Database
from registry.derivation.run import derive
from registry.export.leaving import Coder, Leaving, Writer, withheld_of, write_neighbour
from registry.importing.run import import_files
from tests.conftest import Databases, opened_for_test
from tests.importing.tables import VALID, Cells, row, write_all
from tests.programs import Outcome, run_here

# Ids that differ in one sign only; the other children keep back what their letter says.
WHOLE, DEAD = "A_1", "A-1"
NO_RESEARCH, NO_SHARING, NO_GENES = "R1", "S1", "G1"
LEAVING = {WHOLE, DEAD, NO_GENES}


def _tables() -> dict[str, list[Cells]]:
    rows = {table: [row(table, patient_id=WHOLE)] for table in VALID}
    for child in (DEAD, NO_RESEARCH, NO_SHARING, NO_GENES):
        rows["patients"].append(row("patients", patient_id=child))
        rows["gene_findings"].append(row("gene_findings", patient_id=child))
    for child, scope in (
        (NO_RESEARCH, "research"),
        (NO_SHARING, "sharing"),
        (NO_GENES, "genetics"),
    ):
        rows["consents"].append(
            row("consents", patient_id=child, scope=scope, withdrawn_on="2020-01-01")
        )
    rows["patients"][0] |= {"sex": "male"}
    rows["patients"][1] |= {"diagnosis": "UC", "onset_on": "2018", "diagnosed_on": ""}
    rows["gene_findings"][0] |= {
        "hgvs_p": "p.R222X",
        "zygosity": "hemizygous",
        "acmg_class": "pathogenic",
        "diagnosis": "XLP2",
    }
    rows["gene_findings"].append(
        row("gene_findings", patient_id=WHOLE, gene="FOXP3", hgvs_c="c.758T>C")
    )
    rows["phenotypes"] = [
        row("phenotypes", patient_id=WHOLE, behaviour="B1"),
        row("phenotypes", patient_id=WHOLE, assessed_on="2019-06-02", behaviour="B2")
        | {"upper_gi": "L4a", "perianal": "yes", "growth": "G0"},
    ]
    rows["anthropometry"][0] |= {"weight_kg": "23.75"}
    rows["infusions"].append(row("infusions", patient_id=DEAD))
    rows["tdm_levels"] = [
        row("tdm_levels", patient_id=WHOLE, ifx_ug_ml="<0.4", ada_au_ml=">200", assay="ELISA"),
        row("tdm_levels", patient_id=WHOLE, sampled_on="2018-12-05", ifx_ug_ml="4.25"),
    ]
    rows["lab_results"] += [
        row("lab_results", patient_id=WHOLE, analyte="ESR", value=">140", unit="mm/h"),
        row("lab_results", patient_id=WHOLE, analyte="PLT", value="41.5", unit="10^4/uL"),
        row("lab_results", patient_id=WHOLE, analyte="ALB", value="3.1", unit="g/dL"),
    ]
    rows["medications"].append(
        row("medications", patient_id=WHOLE, drug="EEN", started_on="2018-02-01")
        | {"stopped_on": "2018-04"}
    )
    rows["follow_up_ends"].append(
        row("follow_up_ends", patient_id=DEAD, ended_on="2021-05-05", reason="died")
    )
    return rows


@pytest.fixture(scope="session")
def few_template(
    databases: Databases, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Name of a database with the five children, derived."""
    folder = write_all(tmp_path_factory.mktemp("few"), _tables())
    url = databases.create(migrated_template)
    with opened_for_test(url) as opened:
        with opened.engine.begin() as connection:
            assert [str(one) for one in import_files(connection, [folder]).errors] == []
        derive(opened.engine, user="tester")
    assert url.database is not None
    return url.database


@pytest.fixture(scope="session")
def few(databases: Databases, few_template: str) -> Iterator[Database]:
    """The five children; nobody changes it."""
    with opened_for_test(databases.create(few_template)) as opened:
        yield opened


Export = Callable[..., tuple[Outcome, Path]]


@pytest.fixture
def export(few: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Export:
    """Runs `registry export NAME --to FOLDER` with further words."""

    def run(name: str, *words: str) -> tuple[Outcome, Path]:
        folder = tmp_path / name
        return run_here(capsys, few, "export", name, "--to", str(folder), *words), folder

    return run


@pytest.fixture(scope="session")
def written(few: Database, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Writer], Path]:
    """The five children as a writer writes them, once, for tests that only read it."""
    made: dict[Writer, Path] = {}

    def folder(writer: Writer) -> Path:
        if writer not in made:
            made[writer] = tmp_path_factory.mktemp("written") / "folder"
            with few.engine.connect() as connection:
                leaving = Leaving(connection, withheld_of(connection), Coder(known_codes()))
                write_neighbour(leaving, writer, made[writer], force=False)
        return made[writer]

    return folder
