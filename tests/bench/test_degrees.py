from ltrr_opensearch.bench.degrees_icecat import foretold
from ltrr_opensearch.bench.music import judged_by_degree, mixed_rows
from ltrr_opensearch.types import Json


def test_brands_that_differ_foretell_their_colours() -> None:
    products: list[Json] = [
        {"supplier": brand, "attr_t_product_colour": colour, "attr_t_type": "Hub"}
        for brand, colour in (("Acme", "Red"), ("Apex", "Blue"))
        for _ in range(30)
    ]
    plain, usual, *types = foretold(products)
    assert usual.value < -0.4
    assert plain.value > 0, "where every brand has one colour, doubt costs a little"
    assert [figure.value for figure in types] == [0.0, 0.0], "there is but one type"


def test_every_judged_document_is_in_the_catalogue() -> None:
    ids = {row["id"] for row in mixed_rows()}
    assert all(asked.grades and asked.grades.keys() <= ids for asked in judged_by_degree())
