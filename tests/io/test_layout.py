"""Where everything stands on the paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.receipt import (
    Align,
    AmountLine,
    ColumnLine,
    QrCode,
    ReceiptDocument,
    ReceiptLine,
    Rule,
    Space,
    TextLine,
)
from appliance.io.printers.layout import Blank, QrPicture, Ruled, Type, cells, clean, lay_out


def lines(*receipt_lines: ReceiptLine, columns: int = 42) -> list[str]:
    document = ReceiptDocument(title="t", lines=receipt_lines)
    return [line.text for line in lay_out(document, columns) if isinstance(line, Type)]


def test_an_amount_stands_at_the_right_edge_and_its_text_at_the_left():
    assert lines(AmountLine(text="Kvikk Lunsj", amount="24,90"), columns=32) == [
        "Kvikk Lunsj" + " " * 16 + "24,90",
    ]


def test_a_long_name_wraps_and_its_amount_stands_on_the_last_line():
    text = lines(AmountLine(text="Grovbrød med solsikkekjerner og havre, skåret", amount="1 049,90"), columns=32)
    assert text == ["Grovbrød med", "solsikkekjerner og", "havre, skåret           1 049,90"]


def test_an_indented_text_stays_indented_when_it_wraps():
    assert lines(TextLine(text="  3 stk x 16,60 og noe mer som er langt"), columns=24) == [
        "  3 stk x 16,60 og noe",
        "  mer som er langt",
    ]


def test_a_word_longer_than_the_paper_is_broken_and_not_lost():
    word = "Sukkerfrieskumgodterimedlakrissmak"
    assert "".join(lines(TextLine(text=word), columns=24)) == word


def test_chinese_breaks_between_characters_and_counts_two_cells_each():
    text = lines(AmountLine(text="挪威三文鱼片新鲜冷藏切片装大包装", amount="129,00"), columns=32)
    assert [cells(line) for line in text] == [24, 32]
    assert text[-1].endswith(" 129,00")


def test_double_size_has_half_the_cells():
    assert lines(AmountLine(text="Sum", amount="1 234,50", scale=2), columns=42) == ["Sum" + " " * 10 + "1 234,50"]


def test_an_amount_too_wide_for_double_size_is_printed_in_single_size():
    [line] = lay_out(
        ReceiptDocument(title="t", lines=(AmountLine(text="", amount="12 345 678 901,50 NOK", scale=2),)), 32
    )[-1:]
    assert isinstance(line, Type)
    assert line.scale == 1
    assert line.text.strip() == "12 345 678 901,50 NOK"


def test_the_columns_of_a_tax_table_stand_below_each_other():
    head, low, high = lines(
        ColumnLine(cells=("MVA", "Grunnlag", "MVA", "Sum")),
        ColumnLine(cells=("15 %", "173,04", "25,96", "199,00")),
        ColumnLine(cells=("25 %", "11 173,04", "2 825,96", "14 199,00")),
    )
    assert len(head) == len(low) == len(high) == 42
    assert head.index("Grunnlag") + len("Grunnlag") == low.index("173,04") + len("173,04")


def test_columns_that_do_not_fit_stand_below_each_other_and_none_is_cut():
    text = lines(ColumnLine(cells=("Mellomsum", "123 456 789,00", "23 456 789,00", "146 913 578,00")), columns=32)
    assert [line.strip() for line in text] == ["Mellomsum", "123 456 789,00", "23 456 789,00", "146 913 578,00"]


def test_a_caption_stands_centred_below_its_code():
    paper = lay_out(
        ReceiptDocument(title="t", lines=(QrCode(payload="https://x", caption="Skann"), Rule(), Space())), 25
    )
    assert paper == (QrPicture("https://x"), Type(text=" " * 10 + "Skann"), Ruled(), Blank())


def test_a_product_name_cannot_steer_the_printer():
    assert clean("Brus\x1b@\x10\x14\x01\x00 0,5 l\u202e") == "Brus@ 0,5 l"


def test_the_spaces_and_minus_of_number_formats_become_plain():
    assert clean("\u22121\u202f234,50\u00a0kr") == "-1 234,50 kr"


@given(
    text=st.text(max_size=120),
    amount=st.from_regex(r"-?[0-9]{1,3}( [0-9]{3}){0,2},[0-9]{2}", fullmatch=True),
    columns=st.sampled_from([32, 42, 48]),
    scale=st.sampled_from([1, 2]),
)
def test_no_line_is_wider_than_the_paper_and_no_amount_is_ever_broken(text: str, amount: str, columns: int, scale: int):
    document = ReceiptDocument(
        title="t",
        lines=(
            AmountLine(text=text, amount=amount, scale=scale),
            TextLine(text=text, align=Align.CENTRE, scale=scale),
            ColumnLine(cells=(text, amount, amount, amount)),
        ),
    )
    paper = [line for line in lay_out(document, columns) if isinstance(line, Type)]
    assert all(cells(line.text) <= columns // line.scale for line in paper)
    assert sum(line.text.endswith(amount) for line in paper) >= 2


@given(st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Co", "Mn", "Me")), max_size=80))
def test_wrapping_loses_no_character_that_is_not_a_space(text: str):
    printed = "".join(lines(TextLine(text=text), columns=24)).replace(" ", "")
    assert printed == clean(text).replace(" ", "")


@pytest.mark.parametrize("align", list(Align))
def test_alignment_keeps_the_text_whole(align: Align):
    [line] = lines(TextLine(text="Åpent 8-20", align=align), columns=30)
    assert line.strip() == "Åpent 8-20"
