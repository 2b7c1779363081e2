"""A masked study gives what the study without masks gives, and one answer of it tells nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from registry.errors import Refused, RegistryError
from registry.study import masks
from registry.study.answer import Answer, made
from registry.study.combine import combine
from registry.study.envelope import Envelope
from registry.study.keys import Private, Public, write_json
from registry.study.making import first_envelope
from registry.study.pages import leaves
from registry.study.question import Model, asked
from registry.study.told import Cohort, tell
from tests.study.in_memory import ANALYSES, COORDINATOR, KEYS, LIMIT, MODEL

FOURTH = Private("D", bytes([9] * 32))
Play = Callable[..., tuple[dict[str, Any], list[Answer]]]


def answered(
    envelope: Envelope, cohort: Cohort, key: Private, folder: Path, limit: int = LIMIT
) -> Answer:
    """A hospital's answer through a file."""
    told = tell(
        cohort,
        envelope.question,
        limit,
        first=envelope.asks_everything,
        coefs=envelope.coefficients,
        closing=envelope.closing,
        apart=envelope.is_masked,
    )
    path = folder / f"{envelope.body['study']}-{key.name}-{envelope.round}.json"
    write_json(path, made(envelope, told, key))
    return Answer.read(path)


@pytest.fixture(scope="module")
def play(
    tmp_path_factory: pytest.TempPathFactory,
    definition: dict[str, Any],
    hospitals: dict[str, Cohort],
) -> Play:
    """A study to its end: its result and the answers. `gone` stays away from a round on."""
    folder = tmp_path_factory.mktemp("masked")
    every = {**hospitals, "D": hospitals["A"]}

    def run(
        *,
        masked: bool,
        model: Model | None = MODEL,
        gone: tuple[str, int] = ("", 0),
        names: str = "ABC",
        analyses: tuple[str, ...] = ANALYSES,
    ) -> tuple[dict[str, Any], list[Answer]]:
        keys = {**KEYS, "D": FOURTH}
        now = first_envelope(
            f"s{int(masked)}", "Who?", asked(analyses, (12, 24), model), definition=definition,
            limit=LIMIT, most_rounds=20, key=COORDINATOR, masked=masked,
            participants=[keys[name].public for name in names],
        )  # fmt: skip
        given: list[Answer] = []
        for _ in range(20):
            there = [n for n in names if not (n == gone[0] and now.round >= gone[1])]
            given += [
                answered(now, every[name], keys[name], folder)
                for name in there
                if name in now.body["taking_part"]
            ]
            found = combine(given, COORDINATOR, [gone[0]] if now.round == gone[1] else [])
            if found.result is not None:
                return found.result["body"]["documents"], given
            assert found.envelope is not None
            now = found.envelope
        raise AssertionError("the study does not end")

    return run


@pytest.fixture(scope="module")
def both(play: Play) -> tuple[dict[str, Any], dict[str, Any], list[Answer]]:
    """The documents in clear and masked, and the masked answers."""
    clear, _ = play(masked=False)
    hidden, given = play(masked=True)
    return clear, hidden, given


def differing(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two documents differ by more than the last digits of a number."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [bad for key in one for bad in differing(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [bad for n, (a, b) in pairs for bad in differing(a, b, f"{path}.{n}")]
    if isinstance(one, float) and isinstance(other, float):
        return [] if one == pytest.approx(other, rel=1e-9, abs=1e-12) else [path]
    return [] if one == other else [path]


def test_masked_equals_unmasked(both: tuple[dict[str, Any], dict[str, Any], Any]) -> None:
    clear, hidden, _ = deepcopy(both)
    for documents in (clear, hidden):
        model = documents["cox"]
        # One round more, and what a single hospital could say, is not told.
        model.pop("method")
        model.pop("hospitals")
        model.pop("notes")
    every = ["A", "B", "C"]
    told = 0
    for name, rows in (("table1", "rows"), ("table2", "rows"), ("km", "estimates")):
        for one, other in zip(clear[name].pop(rows), hidden[name].pop(rows), strict=True):
            if one["hospitals"] == every:
                assert differing(one, other, name) == []
                told += 1
            else:
                # Of one hospital, or of two, no sum is opened.
                assert other["hospitals"] == []
        for document in (clear, hidden):
            document[name].pop("notes")
            document[name].pop("tests", None)
    assert told > 20
    assert differing(clear, hidden) == []
    assert clear["cox"]["heterogeneity"]["df"] == 2


def test_firths_third_moments_and_limits_by_the_profile_are_masked_too(play: Play) -> None:
    model = replace(MODEL, firth=True, profile=True)
    clear, hidden = (
        play(masked=masked, model=model, analyses=("cox",))[0]["cox"] for masked in (False, True)
    )
    assert differing(clear["terms"], hidden["terms"]) == []
    [term] = clear["terms"]
    assert term["limits"] == "profile"
    assert term["hr_lower"] < term["hr"] < term["hr_upper"]
    assert (term["p"] < 0.05) != (term["hr_lower"] < 1 < term["hr_upper"])
    assert "by the profile likelihood" in clear["method"]


def test_an_answer_tells_no_number(both: tuple[Any, Any, list[Answer]]) -> None:
    """Nothing of a masked answer is a number but what the envelope itself asks."""
    *_, given = both
    drawn = []
    for one in given:
        body = {key: held for key, held in one.body.items() if key not in ("envelope", "page")}
        assert list(leaves(body)) == []
        drawn += [held for sums in body["masked"].get("sums", {}).values() for held in sums]
    # Each hexadecimal digit is as frequent at every place: chi-square with 15 df per place.
    assert len(drawn) > 2000
    for place in range(64):
        counts = [sum(one[place] == digit for one in drawn) for digit in "0123456789abcdef"]
        expected = len(drawn) / 16
        assert sum((n - expected) ** 2 / expected for n in counts) < 60, place


def test_the_same_numbers_are_masked_otherwise_in_each_round_part_and_pair() -> None:
    a, b, c = (KEYS[name] for name in "ABC")
    group = [one.public for one in (a, b, c)]
    made_of: set[str] = set()
    for study, envelope, part in (
        ("s", "e", "p"),
        ("s", "e", "q"),
        ("s", "f", "p"),
        ("t", "e", "p"),
    ):
        sums = {}
        for key in (a, b, c):
            sums[key.name] = masks.masked(
                {part: [1, 0.1, -7.5]}, {part: group}, key, study=study, envelope=envelope
            )[part]
            made_of |= {*sums[key.name]}
        assert [float(one) for one in masks.opened(list(sums.values()))] == [3, 0.1 * 3, -22.5]
        with pytest.raises(ValueError, match="mask"):
            masks.opened([sums["A"], sums["B"]])
    assert len(made_of) == 4 * 3 * 3


def test_keys_of_signing_are_keys_of_exchange() -> None:
    """Both halves of a pair, taken to the other curve, still belong together."""
    import hashlib

    for key in (*KEYS.values(), COORDINATOR):
        scalar = hashlib.sha512(key.secret).digest()[:32]
        public = X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()
        assert masks.montgomery(key.public) == public


def test_a_key_that_gives_no_secret_is_refused() -> None:
    identity = Public("nobody", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    with pytest.raises(Refused, match="No masks can be made with the key of nobody"):
        masks.masked({"p": [1]}, {"p": [identity]}, KEYS["A"], study="s", envelope="e")


def test_a_hospital_that_drops_out_is_left_out_and_all_is_asked_anew(
    play: Play, both: tuple[Any, dict[str, Any], Any]
) -> None:
    without = deepcopy(both[1])
    left, given = play(masked=True, names="ABCD", gone=("D", 3))
    for documents in (without, left):
        documents["cox"].pop("method")
    assert differing(without, left) == []
    asked_anew = {one.envelope.round for one in given if one.envelope.asks_everything}
    assert asked_anew == {1, 2, 4}


def test_of_two_that_are_left_nothing_is_opened(play: Play) -> None:
    with pytest.raises(Refused, match="2 hospitals answer: sums of fewer than 3"):
        play(masked=True, gone=("C", 2), analyses=("flow",), model=None)


def test_what_does_not_belong_is_refused(
    both: tuple[Any, Any, list[Answer]], definition: dict[str, Any], tmp_path: Path,
    hospitals: dict[str, Cohort],
) -> None:  # fmt: skip
    *_, given = both
    second = [one for one in given if one.envelope.round == 2]
    first = [one for one in given if one.envelope.round == 1]
    with pytest.raises(Refused, match="has not answered round 2"):
        combine([*first, *second[:2]], COORDINATOR)
    envelope = second[0].envelope
    strange = Private("C", bytes([7] * 32))
    with pytest.raises(Refused, match="C does not take part in this study by this key"):
        answered(envelope, hospitals["C"], strange, tmp_path)
    body = json.loads(json.dumps(second[2].body))
    first_digit = {"0": "8"}.get(body["masked"]["sums"]["table1"][0][0], "0")
    body["masked"]["sums"]["table1"][0] = first_digit + body["masked"]["sums"]["table1"][0][1:]
    with pytest.raises(Refused, match="sums of round 2 do not open"):
        combine([*first, *second[:2], replace(second[2], body=body)], COORDINATOR)
    groups = json.loads(json.dumps(envelope.body["masked"]))
    groups["groups"]["table1"] = ["A", "B"]
    with pytest.raises(Refused, match="no envelope of a study"):
        Envelope.sealed({**envelope.body, "masked": groups}, COORDINATOR)
    groups["groups"] = {"table1.no_such_row": ["A", "B", "C"]}
    bent = Envelope.sealed({**envelope.body, "masked": groups}, COORDINATOR)
    with pytest.raises(Refused, match="what was not told to be there"):
        answered(bent, hospitals["A"], KEYS["A"], tmp_path)
    with pytest.raises(RegistryError, match="Masks need three hospitals"):
        first_envelope(
            "two", "Who?", envelope.question, definition=definition, limit=LIMIT, most_rounds=9,
            key=COORDINATOR, masked=True, participants=[KEYS[name].public for name in "AB"],
        )  # fmt: skip
