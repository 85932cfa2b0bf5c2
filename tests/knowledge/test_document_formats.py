"""Each format is read as its own program shows it."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pptx
import pytest

from workers.knowledge.formats import Parsed, SourceError, formats

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STRICT = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'
MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
LEVELS = "".join(
    f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
    f'<w:lvlText w:val="{text}"/></w:lvl>'
    for level, kind, text in (
        (0, "decimal", "%1"),
        (1, "decimal", "%1.%2"),
        (2, "lowerLetter", "(%3)"),
    )
)
NUMBERING = (
    f'<w:numbering {WORD}><w:abstractNum w:abstractNumId="0">{LEVELS}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)


def read(suffix: str, data: bytes | str) -> Parsed:
    return formats()[suffix].read(data if isinstance(data, bytes) else data.encode(), f"x{suffix}")


def texts(page: Parsed) -> list[tuple[list[str], str]]:
    return [(list(section.headings), section.text) for section in page.sections]


def word(body: str, namespaces: str = WORD, **parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE}/relationships/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "word/document.xml",
            f"<w:document {namespaces}><w:body>{body}</w:body></w:document>",
        )
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", content)

    return out.getvalue()


def paragraph(text: str, properties: str = "", look: str = "") -> str:
    return (
        f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{look}</w:rPr>"
        f'<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
    )


def numbered(text: str, level: int, style: str = "") -> str:
    mark = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
    return paragraph(text, (f'<w:pStyle w:val="{style}"/>' if style else "") + mark)


def test_word_numbers_its_clauses_and_so_does_the_text():
    body = (
        numbered("Scope", 0, "Heading1")
        + numbered("First.", 1)
        + numbered("a thing", 2)
        + numbered("b thing", 2)
        + numbered("Second.", 1)
        + numbered("Term", 0, "Heading1")
        + numbered("Two years.", 1)
    )

    assert texts(read(".docx", word(body, numbering=NUMBERING))) == [
        ([], "1.1 First.\n\n(a) a thing\n\n(b) b thing\n\n1.2 Second."),
        (["2 Term"], "2.1 Two years."),
    ]


def test_the_strict_form_of_word_is_read_and_its_hidden_text_is_not():
    body = (
        paragraph("Kopf", '<w:pStyle w:val="Heading1"/>')
        + paragraph("secret", look="<w:vanish/>")
        + paragraph("Text.", look='<w:vanish w:val="0"/>')
    )

    page = read(".docx", word(body, STRICT))

    assert (page.title, texts(page)) == ("Kopf", [([], "Text.")])


def test_an_endnote_is_below_the_paragraph_that_refers_to_it():
    body = (
        "<w:p><w:r><w:t>Leave is 28 days.</w:t></w:r>"
        '<w:r><w:endnoteReference w:id="2"/></w:r></w:p>' + paragraph("Next.")
    )
    notes = (
        f'<w:endnotes {WORD}><w:endnote w:id="2">{paragraph("Except interns.")}</w:endnote>'
        "</w:endnotes>"
    )

    assert texts(read(".docx", word(body, endnotes=notes))) == [
        ([], "Leave is 28 days. [1]\n\n[1] Except interns.\n\nNext.")
    ]


def test_a_formula_is_on_one_line():
    fraction = (
        "<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b+1</m:t></m:r></m:den></m:f>"
    )
    body = f"<w:p><m:oMath>{fraction}</m:oMath></w:p>"

    assert texts(read(".docx", word(body, f"{WORD} {MATH}"))) == [([], "a/(b+1)")]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<style>.x{display:none}</style><p class=x>secret</p><p>seen", "seen"),
        ("<style>@media print{.y{display:none}}</style><p class=y>seen", "seen"),
        ('<p style="position:absolute;left:-9999px">secret</p><p>seen', "seen"),
        ('<p style="opacity:0.5">half</p><p style="font-size:.5em">small', "half\n\nsmall"),
        ("<p>10<sup>2</sup> m, H<sub>2</sub>O, 30 days<sup><a href=#f>1</a></sup>",
         "10² m, H₂O, 30 days [1]"),
        ("<p>It costs <del>20</del> 15 euros.", "It costs 15 euros."),
        ("<table><tr><th>A<th>B<tr><td rowspan=2>x<td>1<tr><td>2</table>", "A | B\nx | 1\nx | 2"),
        ("<ol start=3><li>three<ul><li>sub</ul><li>four</ol>", "3. three\n  - sub\n4. four"),
        ("<p>Open:<br>Mon 9-17<br>Tue 9-12", "Open:\nMon 9-17\nTue 9-12"),
        ("<math><mfrac><mi>a</mi><mi>b</mi></mfrac></math>", "a/b"),
        ("<div class=cookie-consent>We use cookies</div><p>Words.", "Words."),
    ],
)  # fmt: skip
def test_html_reads_as_a_browser_shows_it(html, text):
    assert [words for _, words in texts(read(".html", html))] == [text]


def test_a_page_to_sign_in_is_no_document():
    with pytest.raises(SourceError, match="sign in"):
        read(".html", "<form><p>Sign in</p><input type=password></form>")


@pytest.mark.parametrize(
    "front",
    ["---\ntitle: T\n---\n", '+++\ntitle = "T"\n+++\n', '{"title": "T"}\n\n'],
    ids=["YAML", "TOML", "JSON"],
)
def test_markdown_takes_its_title_from_any_front_matter(front):
    page = read(".md", f"{front}# H\n\nText.")

    assert (page.title, texts(page)) == ("T", [(["H"], "Text.")])


def test_html_in_markdown_follows_the_same_rules():
    page = read(
        ".md",
        "# A\n\n<details><summary>Why?</summary>\n\nBecause **x**.\n\n</details>\n\n"
        '<p style="display:none">secret</p>\n\n!!! warning "Mind"\n    Not on Sunday.\n',
    )

    assert texts(page) == [(["Why?"], "Because x."), ([], "Mind\n\nNot on Sunday.")]


def test_lines_of_a_paragraph_are_joined_and_lists_are_not():
    text = (
        "HOURS\n\nMonday 9-17\nTuesday 9-12\n\nThe manager must app-\n"
        "rove each trip that costs more than 500 euros and is not\n"
        "booked by Finance. Form A-\n38 is needed."
    )

    assert texts(read(".txt", text)) == [
        (
            [],
            "HOURS\n\nMonday 9-17\nTuesday 9-12\n\nThe manager must approve each trip that costs "
            "more than 500 euros and is not booked by Finance. Form A-38 is needed.",
        )
    ]


def test_a_workbook_says_what_excel_shows():
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Limits"
    sheet.append(["City", "Limit", "Share", "From"])
    sheet.append(["Berlin", 150, 0.25, dt.datetime(2026, 1, 2)])  # noqa: DTZ001  # a sheet's
    sheet["B2"].number_format = '"€"#,##0.00'
    sheet["C2"].number_format = "0%"
    workbook.create_sheet("secret").append(["x"])
    workbook["secret"].sheet_state = "hidden"
    out = io.BytesIO()
    workbook.save(out)

    assert texts(read(".xlsx", out.getvalue())) == [
        (["Limits"], "City | Limit | Share | From\nBerlin | €150.00 | 25% | 2026-01-02")
    ]


def test_a_presentation_has_its_slides_and_notes():
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Travel"
    slide.placeholders[1].text = "Hotels up to 150 euros"
    slide.notes_slide.notes_text_frame.text = "Say it twice."
    out = io.BytesIO()
    presentation.save(out)

    assert texts(read(".pptx", out.getvalue())) == [
        (["Travel"], "Hotels up to 150 euros\n\nSay it twice.")
    ]


def test_a_table_of_values_has_one_line_for_each_row():
    assert texts(read(".csv", 'sep=;\nCity;Limit\nBerlin;"150 €"\n')) == [
        ([], "City | Limit\nBerlin | 150 €")
    ]


def test_an_e_book_is_read_chapter_by_chapter():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="b/c.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "b/c.opf",
            '<package><metadata><title>Handbook</title></metadata><manifest><item id="a" '
            'href="a%20b.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>',
        )
        archive.writestr("b/a b.xhtml", "<body><h1>Leave</h1><p>28 days.</p></body>")

    page = read(".epub", out.getvalue())

    assert (page.title, texts(page)) == ("Handbook", [(["Leave"], "28 days.")])
