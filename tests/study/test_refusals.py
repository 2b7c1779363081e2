"""Files that do not belong, and what somebody curious tries: each is refused with a sentence.

Hospitals are random cohorts in memory; the rules and the definition are the registry's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from registry.errors import Refused, RegistryError
from registry.study.answer import Answer, made
from registry.study.chain import chained
from registry.study.combine import combine
from registry.study.envelope import Envelope, canonical, digest
from registry.study.former import Former, require_apart
from registry.study.keys import Private, write_json
from registry.study.making import first_envelope
from registry.study.pages import leaves
from registry.study.question import Model, asked
from registry.study.rules import held_definition, require_rules
from registry.study.told import Cohort, Told, tell
from tests.disclosure import cohorts
from tests.study.in_memory import ANALYSES, COORDINATOR, KEYS, LIMIT, MODEL


@pytest.fixture(scope="module")
def envelope(definition: dict[str, Any]) -> Envelope:
    return first_envelope(
        "early",
        "Who loses response early?",
        asked(ANALYSES, (12, 24), MODEL),
        definition=definition,
        limit=LIMIT,
        most_rounds=12,
        key=COORDINATOR,
        participants=[one.public for one in KEYS.values()],
    )


def told_to(envelope: Envelope, cohort: Cohort) -> Told:
    return tell(
        cohort,
        envelope.question,
        envelope.limit,
        first=envelope.round == 1,
        coefs=envelope.coefficients,
        closing=envelope.closing,
    )


Answers = Callable[..., list[Answer]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, hospitals: dict[str, Cohort]) -> Answers:
    """The answers of some hospitals to an envelope, through files."""

    folder = tmp_path_factory.mktemp("answers")

    def answer(envelope: Envelope, names: str = "ABC", marked: str = "") -> list[Answer]:
        read = []
        for name in names:
            path = folder / f"{name}{envelope.round}{marked}.json"
            write_json(path, made(envelope, told_to(envelope, hospitals[name]), KEYS[name]))
            read.append(Answer.read(path))
        return read

    return answer


@pytest.fixture(scope="module")
def whole(envelope: Envelope, answers: Answers) -> tuple[list[Answer], dict[str, Any]]:
    """All answers of a study to its end, and its result."""
    given, now = [], envelope
    for _ in range(12):
        given += answers(now)
        found = combine(given, COORDINATOR)
        if found.result is not None:
            return given, found.result
        assert found.envelope is not None
        now = found.envelope
    raise AssertionError("the study does not end")


def rewritten(answer: Answer, tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Answer:
    """The answer as a hospital would sign it with something else in it."""
    body = json.loads(json.dumps(answer.body))
    change(body)
    key = KEYS[answer.hospital.name]
    path = tmp_path / f"changed-{answer.file}"
    write_json(
        path,
        {"registry_study": "answer", "schema": 1, "body": body,
         "signature": key.sign(canonical(body))},
    )  # fmt: skip
    return Answer.read(path)


def test_each_wrong_file_is_refused_with_a_sentence(
    envelope: Envelope,
    definition: dict[str, Any],
    answers: Answers,
    whole: tuple[list[Answer], Any],
    database: Connection,
    tmp_path: Path,
) -> None:
    given, _ = whole
    first, second = given[:3], given[3:6]
    other = first_envelope(
        "other", "Something else?", envelope.question,
        definition=definition, limit=LIMIT, most_rounds=12,
        key=COORDINATOR, participants=[one.public for one in KEYS.values()],
    )  # fmt: skip

    def refused(said: str, files: list[Answer], key: Private = COORDINATOR, **more: Any) -> None:
        with pytest.raises(RegistryError, match=said):
            combine(files, key, **more)

    refused("another study", [*first, *answers(other, "A", "other")])
    refused("twice in round 1", [*first, first[0]])
    refused("no answer to round 1", second)
    refused("has not answered round 2", [*first, *second[:2]])
    refused("made from other answers", [*first[:2], *second[:2]])
    refused("whose key this is not", first, KEYS["A"])
    refused("takes no part", first, without=["Z"])
    refused("No answer|no answer", [])
    bent = rewritten(first[0], tmp_path, lambda body: body["numbers"]["cox"]["at"].pop())
    refused("does not hold", [bent, *first[1:]])
    few = rewritten(first[0], tmp_path, lambda body: body.update(children=3))
    refused("too few children", [few, *first[1:]])
    # Changed after it was signed, by whoever carried it.
    path = tmp_path / first[0].file
    body = {**first[0].body, "children": 91}
    write_json(path, {"registry_study": "answer", "schema": 1, "body": body, "signature": "AA=="})
    with pytest.raises(Refused, match="signature does not fit"):
        Answer.read(path)
    document = envelope.to_json()
    document["body"] = {**document["body"], "limit": 2}
    with pytest.raises(Refused, match="signature does not fit"):
        Envelope.of_json(document)
    with pytest.raises(Refused, match="no envelope"):
        Envelope.sealed({**envelope.body, "more": 1}, COORDINATOR)
    with pytest.raises(Refused, match="does not take part"):
        envelope.participant(COORDINATOR.public)
    with pytest.raises(Refused, match="rules are others"):
        require_rules("0" * 64, "9.9")
    asked_for = json.loads(json.dumps(envelope.body["definition"]))
    assert held_definition(database, asked_for) == "paper"
    asked_for["parameters"]["lor_confirmations"] = 2
    with pytest.raises(Refused, match="no definition like") as error:
        held_definition(database, asked_for)
    assert "--set lor_confirmations=2" in str(error.value.cure)


def test_a_hospital_that_drops_out_is_left_out_of_every_round(
    envelope: Envelope, answers: Answers
) -> None:
    given = answers(envelope)
    now = combine(given, COORDINATOR).envelope
    assert now is not None
    given += answers(now, "AB")
    for _ in range(12):
        found = combine(given, COORDINATOR, ["C"])
        if found.result is not None:
            break
        assert found.envelope is not None
        given += answers(found.envelope, "AB")
    assert found.result is not None
    model = found.result["body"]["documents"]["cox"]
    assert [one["name"] for one in model["hospitals"]] == ["A", "B"]


def test_files_hold_no_date_no_id_and_no_small_count(
    whole: tuple[list[Answer], dict[str, Any]], hospitals: dict[str, Cohort]
) -> None:
    given, result = whole
    ids = {str(one) for held in hospitals.values() for one in held.patients["patient_id"]}
    for document in [*(one.body for one in given), result["body"]]:
        text = json.dumps(document)
        # What the definition has of days is the study's, not a child's.
        shown = json.loads(text)
        for part in (shown, shown.get("envelope", {}).get("body", {})):
            part.pop("definition", None)
        # So is the data cut, which a result says with its rule of censoring.
        text = json.dumps(shown).replace("data cut on 2023-12-31", "")
        assert not re.search(r"\b(19|20)\d\d-\d\d", text)
        assert not [one for one in ids if f'"{one}"' in text]
    for one in given:
        for path, value in leaves(one.numbers):
            if isinstance(value, int):
                assert value == 0 or value >= LIMIT, (one.file, path, value)
            if value == 0 and isinstance(value, int):
                assert path.endswith((".missing", ".tied")), path


@pytest.mark.parametrize("seed", range(8))
def test_no_count_below_the_limit_in_small_hospitals(seed: int) -> None:
    data = cohorts.data_of(cohorts.Cohort(12 + 5 * seed, 0.3, 0.03, (1, 4, 9), 2, seed))
    one = Cohort(data.definition, data.view, data.patients, data.basis.excluded)
    question = asked(ANALYSES, (12, 24), Model(covariates=("sex_female", "perianal")))
    told = tell(one, question, LIMIT, first=True, coefs=[[0.0, 0.0]], closing=[0.0, 0.0])
    small = [
        (path, value)
        for path, value in leaves(told.numbers)
        if isinstance(value, int) and 0 < value < LIMIT
    ]
    assert small == []


def of(told: Told, part: str = "cohort", study: str = "a" * 64) -> Former:
    return Former(
        "before", study, part, told.parts[part], len(told.parts[part]), datetime.now(UTC), None
    )


def without(cohort: Cohort, children: int) -> Cohort:
    """The same hospital but for a few children, whom another definition leaves out."""
    held = {name: cohort.view(name) for name in ("baseline", "cohort_flow")}
    kept = cohort.patients.iloc[children:]
    held["baseline"] = held["baseline"][held["baseline"]["patient_id"].isin(kept["patient_id"])]
    flow = held["cohort_flow"].copy()
    gone = {"eligible": children, "started": children, "registered": children}
    lost = int(cohort.patients["event"].iloc[:children].astype(bool).sum())
    gone |= {"events": lost, "responders": children - lost}
    flow["n"] = [n - gone.get(step, 0) for step, n in zip(flow["step"], flow["n"], strict=True)]
    held["cohort_flow"] = flow
    return replace(cohort, view=held.__getitem__, patients=kept)


@pytest.mark.parametrize("children", [1, 4])
def test_differencing_by_a_few_children_is_refused(
    hospitals: dict[str, Cohort], children: int
) -> None:
    """One study of all, one of a definition that leaves a few out: their difference is these."""
    question = asked(("table1",))
    every = tell(hospitals["A"], question, LIMIT, first=True)
    others = tell(without(hospitals["A"], children), question, LIMIT, first=True)
    with pytest.raises(Refused, match="nearly the same children") as error:
        require_apart(others.parts, [of(every)], "b" * 64, LIMIT)
    assert "--as-of" in str(error.value.cure)
    # Nor does a later round tell what the first did not.
    with pytest.raises(Refused, match="without what this one asks"):
        require_apart({"cox": {}}, [of(every)], "a" * 64, LIMIT)
    # The same children again, or many others, tell nothing of a few.
    require_apart(every.parts, [of(every)], "b" * 64, LIMIT)
    far = tell(without(hospitals["A"], 12), question, LIMIT, first=True)
    require_apart(far.parts, [of(every)], "b" * 64, LIMIT)


def test_a_value_corrected_between_two_studies_is_a_difference_too(
    hospitals: dict[str, Cohort],
) -> None:
    question = asked(("table1",))
    before = tell(hospitals["A"], question, LIMIT, first=True)
    mended = hospitals["A"].patients.copy()
    mended.loc[mended.index[0], "time_days"] += 1
    now = tell(replace(hospitals["A"], patients=mended), question, LIMIT, first=True)
    with pytest.raises(Refused, match="nearly the same"):
        require_apart(now.parts, [of(before)], "b" * 64, LIMIT)
    with pytest.raises(Refused, match="not those that the first round"):
        require_apart(now.parts, [of(before)], "a" * 64, LIMIT)


def test_a_child_erased_since_still_counts_as_a_difference(hospitals: dict[str, Cohort]) -> None:
    every = tell(hospitals["A"], asked(("table1",)), LIMIT, first=True)
    left = tell(without(hospitals["A"], 1), asked(("table1",)), LIMIT, first=True)
    held = {name: one for name, one in every.parts["cohort"].items()
            if name in left.parts["cohort"]}  # fmt: skip
    former = replace(of(every), of=held)
    with pytest.raises(Refused, match="nearly the same"):
        require_apart(left.parts, [former], "b" * 64, LIMIT)


@pytest.fixture
def lone(hospitals: dict[str, Cohort]) -> Cohort:
    """A hospital in which a covariate singles one child out."""
    one = hospitals["A"]
    patients = one.patients.copy()
    patients["veo_cd"] = [True] + [False] * (len(patients) - 1)
    return replace(one, patients=patients)


def test_an_envelope_that_asks_for_one_child_is_refused(
    envelope: Envelope, lone: Cohort, hospitals: dict[str, Cohort]
) -> None:
    """By a covariate, by two together, by a cohort of one, by coefficients far out."""
    single = asked(("table2", "cox"), (), Model(covariates=("veo_cd",)))
    told = tell(lone, single, LIMIT, first=True, coefs=[[0.0]])
    assert told.numbers["cox"].keys() == {"withheld"}
    assert "veo_cd" not in told.numbers["table2"]["rows"]
    stratum = asked(("cox",), (), Model(covariates=("crp_high",), strata=("veo_cd",)))
    assert tell(lone, stratum, LIMIT, first=True, coefs=[[0.0]]).numbers["cox"].keys() == {
        "withheld"
    }
    patients = hospitals["A"].patients.copy()
    crp = patients["crp_high"].astype(bool).tolist()
    place = crp.index(True)
    # All but one of those with a high CRP have a high ESR, and of the others every second.
    esr = [True if one else bool(n % 2) for n, one in enumerate(crp)]
    esr[place] = False
    patients["esr_high"] = esr
    both = asked(("cox",), (), Model(covariates=("crp_high", "esr_high")))
    told = tell(replace(hospitals["A"], patients=patients), both, LIMIT, first=True,
                coefs=[[0.0, 0.0]])  # fmt: skip
    assert told.numbers["cox"].keys() == {"withheld"}
    with pytest.raises(Refused, match="fewer than 5 children are in the cohort"):
        tell(without(hospitals["A"], 89), single, LIMIT, first=True, coefs=[[0.0]])
    with pytest.raises(Refused, match="tell of single children"):
        tell(hospitals["A"], envelope.question, LIMIT, first=True, coefs=[[9.0]])
    with pytest.raises(RegistryError, match="two levels"):
        asked(("cox",), (), Model(covariates=("crp_high",), time_dependent=("dose_mg_per_kg",)))


def test_an_envelope_is_named_by_its_hash_and_the_next_by_the_one_before(
    envelope: Envelope, answers: Answers
) -> None:
    given = answers(envelope, "AB")
    following = combine(given, COORDINATOR).envelope
    assert following is not None
    assert following.body["before"] == following.study_hash == envelope.hash
    assert following.body["answers"] == sorted(one.hash for one in given)
    assert digest(following.body) == following.hash
    assert chained([*answers(following, "AB"), *given], ()).last.envelope.round == 2
