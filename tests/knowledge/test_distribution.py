import pytest

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.distribution import PERCENTS, Distribution


def test_share_counts_the_common_values_and_interpolates_the_rest() -> None:
    counted = Distribution.of(100, PERCENTS, {8.0: 60, 16.0: 40})
    assert counted.share(8, 8) == pytest.approx(0.6)
    assert counted.share(None, 15) == pytest.approx(0.6)
    assert counted.share(17, None) == 0
    assert counted.share(None, None) == 1
    rest = Distribution.of(100, PERCENTS, {})
    assert rest.share(25, 75) == pytest.approx(0.5)
    assert rest.share(30, 30) == 0
    assert rest.share(-5, -1) == 0
    assert rest.share(None, 200) == 1


def test_a_field_without_values_has_no_share_of_anything() -> None:
    assert Distribution.of(0, (), {}).share(1, 2) == 0


def test_a_constant_field() -> None:
    same = Distribution.of(10, [5.0] * len(PERCENTS), {})
    assert (same.share(5, 5), same.share(4, 6)) == (0, 1)


def test_json_keeps_it_and_damage_is_told() -> None:
    one = Distribution.of(100, PERCENTS, {8.0: 60, 16.0: 40})
    assert Distribution.read(one.to_json()) == one
    with pytest.raises(ModelError, match="a distribution is damaged"):
        Distribution.read({"documents": 3})
