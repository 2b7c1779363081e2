"""Why a result met its fate: each reason declared once, with what is to be done about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from registry.records.study_ids import MASK
from registry.words import note

STORED, AMENDED, VOIDED = "stored", "amended", "voided"
DUPLICATE, SUPERSEDED, IGNORED = "duplicate", "superseded", "ignored"
SET_ASIDE, REFUSED = "set_aside", "refused"


@dataclass(frozen=True)
class Reason:
    """What a reason means: its fate, its words with `{places}`, and the cure."""

    fate: str
    words: str
    cure: str = ""


@dataclass(frozen=True)
class Said:
    """A reason with what fills its places."""

    reason: str
    facts: Mapping[str, str] = field(default_factory=dict)


_MEND = note("It cannot be read as it is; the laboratory sends it again, mended.")
_BY_HAND = note("Look at both, and enter or amend what is right by hand.")
_CHILD = note("Mend the number or the registry's patient; it is read again with the next run.")

REASONS = {
    # What a message can be refused for as a whole.
    "no_message": Reason(REFUSED, note("is neither HL7 v2 nor FHIR in JSON"), _MEND),
    "too_large": Reason(REFUSED, note("is larger than {limit} MB"), _MEND),
    "malformed": Reason(REFUSED, note("cannot be taken apart: {where}"), _MEND),
    "half": Reason(
        SET_ASIDE,
        note("ends in the middle: {where}"),
        note("It stays where it is; if it has not grown by the next run it is refused."),
    ),
    "cut_off": Reason(REFUSED, note("ends in the middle: {where}"), _MEND),
    "encoding": Reason(REFUSED, note("is not in the encoding {encoding}"), _MEND),
    "unknown_encoding": Reason(REFUSED, note("MSH-18 names no encoding: {encoding}"), _MEND),
    "no_results_type": Reason(
        REFUSED,
        note("is {type}, not ORU^R01"),
        note("Have the interface engine send results alone to this folder."),
    ),
    "version": Reason(REFUSED, note("is of HL7 {version}; 2.3 to 2.5.1 are read"), _MEND),
    "no_control_id": Reason(REFUSED, note("has no id: MSH-10, or the id of an Observation"), _MEND),
    "test_message": Reason(
        REFUSED,
        note("is not for production: MSH-11 is {mode}"),
        note("Have the interface engine keep training and tests out of this folder."),
    ),
    "no_results": Reason(REFUSED, note("holds no result"), _MEND),
    # What a result can be refused for.
    "no_patient": Reason(REFUSED, note("names no patient by a hospital's number"), _MEND),
    "no_code": Reason(REFUSED, note("does not say what was measured"), _MEND),
    "unknown_status": Reason(REFUSED, note("has no result status that is known"), _MEND),
    "no_value": Reason(REFUSED, note("is final and has no value"), _MEND),
    "several_values": Reason(REFUSED, note("has several values"), _MEND),
    "no_number": Reason(REFUSED, note("has a value that is no number, <number or >number"), _MEND),
    "modified": Reason(
        REFUSED, note("carries a modifierExtension, which can change what it means"), _BY_HAND
    ),
    "no_day": Reason(REFUSED, note("has no day of collection"), _MEND),
    "two_days": Reason(REFUSED, note("has two days of collection: {where}"), _MEND),
    "against_rule": Reason(REFUSED, note("the registry refuses it: {problem}"), _BY_HAND),
    # What waits for something.
    "unknown_number": Reason(
        SET_ASIDE,
        note("is of no child known by a number of {centre}"),
        note("registry identity link PATIENT NUMBER, if the child is of this registry."),
    ),
    "several_children": Reason(
        SET_ASIDE, note("its number was more than one child's at {centre}"), _CHILD
    ),
    "other_birth_date": Reason(SET_ASIDE, note("has another birth date than the child"), _CHILD),
    "other_sex": Reason(SET_ASIDE, note("has another sex than the child"), _CHILD),
    "unknown_code": Reason(
        SET_ASIDE,
        note("the code {code} of {system} is not known"),
        note("registry feed map CODE ANALYTE, or registry feed map CODE none to pass it over."),
    ),
    "unchecked_code": Reason(
        SET_ASIDE,
        note("nobody has checked yet what the code {code} of {system} means"),
        note("Look it up, and: registry feed map CODE ANALYTE --source TEXT"),
    ),
    "two_analytes": Reason(
        SET_ASIDE, note("its codes mean different analytes"), note("Amend: registry feed map")
    ),
    "unknown_unit": Reason(
        SET_ASIDE,
        note("{what} is not reported in the unit {unit}"),
        note("Have the laboratory send one of: {units}; or enter it by hand."),
    ),
    "unknown_assay": Reason(
        SET_ASIDE,
        note("its method is no assay of this registry"),
        note("registry assay add NAME, or name it for the code: registry feed map --assay"),
    ),
    "preliminary": Reason(
        SET_ASIDE, note("is preliminary"), note("Nothing is to be done: the final one follows.")
    ),
    "other_of_the_day": Reason(
        SET_ASIDE, note("{what} of that day is there with another value"), _BY_HAND
    ),
    "not_corrected": Reason(
        SET_ASIDE,
        note("differs from what was stored of it, and is not marked as corrected"),
        note("Ask the laboratory which is right; amend the record by hand if need be."),
    ),
    "changed_by_hand": Reason(
        SET_ASIDE, note("somebody has changed or taken out the record since"), _BY_HAND
    ),
    "sample_of_two": Reason(
        SET_ASIDE, note("corrects the day or assay of a sample with another value"), _BY_HAND
    ),
    "other_child": Reason(SET_ASIDE, note("was stored with another child before"), _BY_HAND),
    "locked": Reason(
        SET_ASIDE,
        note("is locked: {problem}"),
        note("It is read again once the lock is taken off."),
    ),
    # What is done with.
    "same": Reason(DUPLICATE, note("is there already")),
    "older": Reason(SUPERSEDED, note("a later message has said more of it")),
    "nothing_to_void": Reason(VOIDED, note("was taken back before it was stored")),
    "not_wanted": Reason(IGNORED, note("the code {code} of {system} is passed over")),
    "with_note": Reason(STORED, note("the laboratory's note beside it was not kept")),
}

_LONG_NUMBER = re.compile("[0-9]{6,}")
LONGEST, SHORTEST = 40, 4


def shown(words: str, private: Iterable[str]) -> str:
    """What may be kept of a text of a message: nothing that it says of the person elsewhere.

    Codes, units and ids stand where anything could; long numbers may be a hospital's.
    """
    plain = words.strip()
    if not plain.isprintable() or len(plain) > LONGEST:
        return MASK
    folded = plain.casefold()
    words_in_it = set(re.split(r"[\W_]+", folded))
    for one in map(str.casefold, private):
        # A short one, as a name of two letters, may stand in any word.
        if one in words_in_it or (len(one) >= SHORTEST and one in folded):
            return MASK
    return _LONG_NUMBER.sub(MASK, plain)
