"""The page: self-contained, inert, escaped, and complete."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import re
from html.parser import HTMLParser

import pytest
from synthetic_report import HOSTILE, altered, bare, picture

from provenance.presentation import words
from provenance.report import Evidence, Kind, Severity, Verdict
from verifier.render_html import render_html


class Page(HTMLParser):
    """Every element with its attributes, and all text outside the style sheet."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self.style += data
        else:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_verdict_is_a_word_and_not_only_a_colour(verdict: Verdict) -> None:
    page = Page(render_html(bare(verdict)))
    assert words.VERDICTS[verdict] in page.text
    assert words.MEANINGS[verdict] in page.text
    assert page.named("body")[0]["class"] == verdict.value


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_gives_the_page_its_tone_and_no_other_layout(verdict: Verdict) -> None:
    """The body bears the verdict as a class, and so must not be caught by what is meant for a match of the report."""
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", Page(render_html(bare(verdict))).style)
    of_body = [told for names, told in rules if f".{verdict.value}" in {name.strip() for name in names.split(",")}]
    assert of_body
    assert all(re.fullmatch(r"\s*--tone: [^;]+;\s*", told) for told in of_body)


def test_the_page_asks_the_network_for_nothing_and_runs_nothing() -> None:
    source = render_html(altered())
    page = Page(source)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "base", "audio", "video", "foreignobject"}
    for _, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name != "style"
            if name in {"src", "href"}:
                assert (value or "").startswith(("data:image/", "#"))
    assert "http://" not in source
    assert "https://" not in source
    assert "@import" not in page.style
    assert "url(" not in page.style


def test_the_pages_own_policy_allows_exactly_its_style_sheet() -> None:
    page = Page(render_html(altered()))
    policy = next(m["content"] or "" for m in page.named("meta") if m.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy


def test_hostile_text_makes_no_element_and_no_attribute() -> None:
    honest, hostile = Page(render_html(altered())), Page(render_html(altered(HOSTILE)))
    assert [(tag, sorted(a)) for tag, a in hostile.elements] == [(tag, sorted(a)) for tag, a in honest.elements]
    assert "<script>alert(1)</script>" in hostile.text


def test_hostile_text_carries_no_control_or_direction_character_into_the_page() -> None:
    source = render_html(altered(HOSTILE))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", source)
    assert "\\u202egpj.exe" in source
    source.encode("utf-8")


def test_every_foreign_string_in_the_text_is_isolated_from_its_surroundings() -> None:
    source = render_html(altered(HOSTILE))
    marker = "&lt;script&gt;alert(1)"
    body = source[source.index("<body") :]
    for found in re.finditer(re.escape(marker), body):
        before = body[: found.start()]
        in_attribute = before.rfind("<") > before.rfind(">")
        in_drawing = before.rfind("<svg") > before.rfind("</svg>")
        in_bdi = before.rfind("<bdi>") > before.rfind("</bdi>")
        assert in_attribute or in_drawing or in_bdi
    assert "unicode-bidi: isolate" in source


def test_everything_in_the_report_is_on_the_page() -> None:
    report = altered()
    page = Page(render_html(report))
    for judged in report.findings:
        assert words.KINDS[judged.finding.kind] in page.text
        assert judged.finding.explanation in page.text
    match = report.matches[0]
    for text in (
        report.summary,
        report.clip.name,
        report.clip.sha256,
        match.title,
        match.asset_id,
        *report.not_checked,
        *report.policy.values(),
        *report.versions.values(),
        *report.credential.codes,
        report.checked_at,
    ):
        assert text in page.text
    assert len(page.named("img")) == len(report.evidence)
    drawings = [svg.get("class") for svg in page.named("svg") if svg.get("class")]
    assert drawings.count("timeline") == 1
    assert drawings.count("offsets") == 1
    assert drawings.count("where") == 2


def test_altering_then_declared_findings_come_first_and_keep_one_number_everywhere() -> None:
    page = Page(render_html(altered()))
    assert "1. Part of the picture changed" in page.text
    assert "3. Overlay added" in page.text
    findings = [e for e in page.named("li") if (e.get("class") or "").startswith("finding")]
    assert [e["class"] for e in findings] == ["finding altering"] * 2 + ["finding disclosed"] * 3


def test_pictures_stand_with_their_finding_and_have_a_text_alternative() -> None:
    source = render_html(altered())
    start = source.index('id="finding-1"')
    assert source[start : source.index("</li>", start)].count("<img") == 3
    for image in Page(source).named("img"):
        assert image["alt"]


def test_what_is_no_bitmap_is_left_out() -> None:
    svg = Evidence("pair", "drawn", "image/svg+xml", b"<svg onload='alert(1)'/>", 1)
    text = Evidence("pair", "typed", 'text/html" onerror="x', b"<b>", 1)
    page = Page(render_html(dataclasses.replace(altered(), evidence=(svg, text))))
    assert page.named("img") == []


def test_a_picture_of_a_finding_that_is_not_there_is_still_shown() -> None:
    stray = Evidence("pair", "stray", "image/png", picture(9), 99)
    page = Page(render_html(dataclasses.replace(altered(), evidence=(stray,))))
    assert "stray" in page.text


def test_the_page_can_be_read_without_sight_or_mouse() -> None:
    page = Page(render_html(altered()))
    ids = {a["id"] for _, a in page.elements if "id" in a}
    assert page.named("html")[0]["lang"] == "en"
    assert {"header", "main", "footer", "h1"} <= {tag for tag, _ in page.elements}
    assert page.named("a")[0]["href"] == "#main"
    for section in page.named("section"):
        assert section["aria-labelledby"] in ids
    for svg in page.named("svg"):
        # Nested drawings are parts of a labelled one.
        assert svg.get("aria-label") or not svg.get("class")
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa_in_both_schemes(scheme: str) -> None:
    style = Page(render_html(bare())).style
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w]+): (#[0-9a-f]{3,6})", blocks[0 if scheme == "light" else 1]))
    for ground in ("paper", "card"):
        for ink in ("ink", "soft", "red", "green", "blue", "amber"):
            light, dark = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def test_the_least_report_makes_a_page_without_empty_parts() -> None:
    page = Page(render_html(bare()))
    assert page.named("svg") == []
    assert page.named("li") == []
    assert "What was changed" not in page.text
    assert "None" not in page.text


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_html(altered()) == render_html(altered())


def test_every_kind_severity_and_verdict_has_words() -> None:
    assert set(words.KINDS) == set(Kind)
    assert set(words.SEVERITIES) == set(Severity)
    assert set(words.VERDICTS) == set(words.MEANINGS) == set(Verdict)
