import pytest

from kairos.errors import ContractError
from kairos.features import operators as op
from kairos.features.operators import DV, C, M, R
from kairos.features.terms import constant


def test_a_term_prints_as_its_formula():
    assert str(op.ratio(C, op.mean(C, 21)) - 1) == "((C / (total(C, 21) / 21)) - 1)"
    assert str(op.by_session_rank(R, within="sector")) == "rank(R, within sector)"


def test_the_same_formula_is_the_same_term():
    one, other = op.std(R * 2, 21), op.std(R * 2, 21)
    assert one == other
    assert len({one, other, op.std(R * 3, 21)}) == 2


@pytest.mark.parametrize(
    ("term", "reaches"),
    [
        (C, (0,)),
        (op.lag(C, 5), (5,)),
        (op.mean(op.lag(C, 5), 21), (25,)),
        (op.beta(R, M, 60), (59, 0)),
        (op.by_session_rank(op.change(C, 5)), (0, 5)),
        (op.mean(op.by_session_rank(op.std(R, 21)), 10) + op.lag(R, 30), (30, 20)),
    ],
)
def test_how_far_back_a_term_reads_follows_from_it(term, reaches):
    assert term.reaches == reaches
    assert term.reach == sum(reaches)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: op.lag(C, -1), "lag: window of -1 rows; expected a whole number, at least 1"),
        (lambda: op.std(C, 1), "std: window of 1 rows; expected a whole number, at least 2"),
        (lambda: op.mean(C, 2.5), "total: window of 2.5 rows"),
        (lambda: DV == 0, r"DV compared with 0 by == or !=: write equal\(x, 0\)"),
        (lambda: op.where(C == R, C), "False in a feature's formula: found bool"),
        (lambda: C if R > 0 else -C, r"\(R > 0\) used as true or false"),
        (lambda: op.ewm(C, 5, decay=1.0), "ewm: decay 1.0; expected above 0 and below 1"),
        (lambda: op.quantile(C, 50, 5), "quantile: level 50; expected 0 to 1"),
        (lambda: C + "R", "'R' in a feature's formula: found str"),
    ],
)
def test_what_is_no_formula_is_refused_where_it_is_written(wrong, message):
    with pytest.raises(ContractError, match=message):
        wrong()


def test_a_number_may_stand_on_either_side():
    assert str(1 - C) == str(constant(1) - C)
    assert str(2 / C) == "(2 / C)"
