"""The page is whole, stands alone and can be read by everybody."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from registry.report.page import page
from registry.report.preamble import Facts
from registry.report.telling import Content

from .conftest import NATURE
from .reading import Element

SECTIONS = [
    "glance",
    "patients",
    "baseline",
    "curves",
    "competing",
    "single",
    "several",
    "sound",
    "between",
    "trial",
    "sensitivity",
    "levels",
    "losses",
    "genes",
    "risk",
    "quality",
    "methods",
    "definition",
    "strobe",
    "tripod",
]


def attributes(root: Element, name: str) -> list[str]:
    return [one.attributes[name] for one in every(root) if name in one.attributes]


def every(root: Element) -> list[Element]:
    return [one for child in root.inside for one in (child, *every(child))]


def test_the_same_input_gives_the_same_page(html: str, content: Content, facts: Facts) -> None:
    assert page(content, facts) == html


def test_nothing_is_fetched(html: str, root: Element) -> None:
    tags = {one.tag for one in every(root)}
    assert not tags & {"link", "img", "iframe", "object", "embed", "image", "use", "base"}
    assert all(href.startswith("#") for href in attributes(root, "href"))
    assert not attributes(root, "src")
    # The names of XML's vocabularies are no addresses that anything is fetched from.
    without = re.sub(r"http://www\.w3\.org/[\w/]+", "", html)
    assert "http:" not in without
    assert "https:" not in without
    assert "@import" not in html
    assert "url(" not in html
    policy = next(
        one.attributes["content"] for one in root.all("meta") if "http-equiv" in one.attributes
    )
    assert policy.startswith("default-src 'none'")


def test_every_section_is_there_and_in_the_contents(root: Element) -> None:
    assert [one.attributes["id"] for one in root.all("section")] == SECTIONS
    links = [link.attributes["href"] for nav in root.all("nav") for link in nav.all("a")]
    assert links == [f"#{one}" for one in SECTIONS]


def test_headings_go_down_one_step_at_a_time(root: Element) -> None:
    levels = [int(one.tag[1]) for one in root.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(one.text for one in root.all("h1", "h2", "h3"))


def test_ids_are_unique_and_what_is_referred_to_is_there(root: Element) -> None:
    ids = attributes(root, "id")
    assert len(ids) == len(set(ids))
    used = {href.removeprefix("#") for href in attributes(root, "href")}
    for name in ("aria-labelledby", "aria-describedby"):
        used |= {one for value in attributes(root, name) for one in value.split()}
    assert used <= set(ids)


def test_it_has_landmarks_a_language_and_a_way_past_the_contents(root: Element) -> None:
    assert root.all("html")[0].attributes["lang"] == "en"
    assert len(root.all("main")) == len(root.all("header")) == len(root.all("footer")) == 1
    body = root.all("body")[0]
    assert body.inside[0].attributes == {"class": "skip", "href": "#content"}
    assert root.all("main")[0].attributes["id"] == "content"


def test_figures_have_names_descriptions_and_captions(root: Element) -> None:
    figures = root.all("figure")
    assert len(figures) >= 8
    for figure in figures:
        assert figure.all("figcaption")[0].text.startswith("Figure ")
        assert len(figure.all("svg")) == 2
        for drawn in figure.all("svg"):
            assert drawn.attributes["role"] == "img"
            assert drawn.all("title")[0].text
            assert len(drawn.all("desc")[0].text) > 30
            words = [one.text for one in drawn.all("text")]
            assert words
    numbers = [
        int(re.findall(r"^Figure (\d+)\.", one.all("figcaption")[0].text)[0]) for one in figures
    ]
    assert numbers == list(range(1, len(figures) + 1))


def test_what_is_drawn_stays_on_the_drawing(root: Element) -> None:
    for drawn in root.all("svg"):
        _, _, width, height = map(float, drawn.attributes["viewbox"].split())
        for one in every(drawn):
            for name, limit in (("x", width), ("x1", width), ("x2", width), ("cx", width)):
                assert -1 <= float(one.attributes.get(name, 0)) <= limit + 1
            for name in ("y", "y1", "y2", "cy"):
                assert -1 <= float(one.attributes.get(name, 0)) <= height + 1
        for text in drawn.all("text"):
            # 7.2 is the width of a letter in the widest of the usual fonts.
            x, length = float(text.attributes["x"]), 7.2 * len(text.text)
            match text.attributes.get("text-anchor"):
                case "middle":
                    left, right = x - length / 2, x + length / 2
                case "end":
                    left, right = x - length, x
                case _:
                    left, right = x, x + length
            assert left > -12, text.text
            assert right < width + 12, text.text


def test_tables_have_captions_and_heads(root: Element) -> None:
    tables = root.all("table")
    assert len(tables) >= 15
    for table in tables:
        assert table.all("caption")[0].text.startswith("Table ")
        heads = table.all("thead")[0].all("th")
        assert all(one.attributes["scope"] == "col" and one.text for one in heads)
        for body in table.all("tbody"):
            first = body.all("tr")[0].inside[0]
            assert first.tag == "th"
            assert first.attributes["scope"] in ("row", "rowgroup")
    captions = [table.all("caption")[0].text.split(".")[0] for table in tables]
    assert len(captions) == len(set(captions))
    assert {"Table 1", "Table 2", "Table 3"} <= set(captions)


def test_words_from_outside_are_text(html: str, root: Element) -> None:
    assert "&lt;no&gt;" in html
    assert NATURE in root.all("header")[0].text


def test_the_footer_says_what_it_rests_on(root: Element, facts: Facts) -> None:
    words = root.all("footer")[0].text
    assert facts.definition_hash in words
    assert facts.data_hash in words
    assert re.fullmatch(r"[0-9a-f]{64}", facts.data_hash)
    for name in ("Python", "PostgreSQL", "crohn-registry", "lifelines", "surpyval", "statsmodels"):
        assert f"{name} {facts.versions[name]}" in words


def test_no_patient_is_named_but_in_the_list_of_losses(root: Element) -> None:
    """And no day but the data cut stands on the page."""
    main = root.all("main")[0]
    ids = set(re.findall(r"\bP\d{3}\b", main.text))
    listed = next(one for one in root.all("table") if one.attributes["id"] == "table-losses")
    assert ids == set(re.findall(r"\bP\d{3}\b", listed.text))
    assert len(ids) == 18
    assert set(re.findall(r"\b(?:19|20)\d\d-\d\d-\d\d\b", root.text)) == {"2023-12-31"}


def test_without_being_asked_it_names_nobody(content: Content, facts: Facts) -> None:
    without = {name: one for name, one in content.documents.items() if name != "losses"}
    assert not re.findall(r"\bP\d{3}\b", page(replace(content, documents=without), facts))
