"""Pages of which an unclosed element swallows the rest: BeautifulSoup reads them."""

from __future__ import annotations

import pytest

from newsbeam.transforms.boilerplate.pages import blocks as module
from newsbeam.transforms.boilerplate.pages.blocks import lexbor_canonical, read_page

pytest.importorskip("selectolax.lexbor")

STORY = "<p>The ferry to the island sails again on the 12th.</p><p>Residents still doubt it, as no ferry came last year.</p>"
SENTENCES = ["The ferry to the island sails again on the 12th.", "Residents still doubt it, as no ferry came last year."]


def texts(html: str) -> list[str]:
    return [block.text for block in read_page(html).blocks]


@pytest.mark.parametrize(
    "element",
    [
        "<select><option>Region<option>Sport",
        "<SELECT><OPTION>Region",
        "<object data=player.swf><param name=a value=b>",
        "<template><b>x</b>",
        "<applet code=Clock>",
    ],
)
def test_an_unclosed_element_does_not_swallow_the_page(element: str) -> None:
    html = f"<html><body><div>{element}</div><div>{STORY}</div></body></html>"
    assert lexbor_canonical(html).visible == 0
    assert texts(html) == SENTENCES


@pytest.mark.parametrize("element", ["<select><option>Region</select>", "<template><b>x</b></template>"])
def test_closed_elements_need_no_second_opinion(monkeypatch: pytest.MonkeyPatch, element: str) -> None:
    monkeypatch.setattr(module, "soup_canonical", None)
    assert texts(f"<html><body><div>{element}</div><div>{STORY}</div></body></html>") == SENTENCES


def test_lexbor_counts_if_both_show_the_same() -> None:
    html = f"<html><body><script>menu = '<select>'</script><table>above<tr><td>in</table><div>{STORY}</div></body></html>"
    assert module.canonical(html) == lexbor_canonical(html)
