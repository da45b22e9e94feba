from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kairos.errors import ModelError
from kairos.models.folds import Fold, FoldSettings, Holdout, Span, seal, training_window, walk_forward


def days(count):
    return tuple(date(2015, 1, 1) + timedelta(days=i) for i in range(count))


@st.composite
def walks(draw):
    """Sessions, horizon, settings and the position of the holdout, with room for one fold at least."""
    cut = FoldSettings(
        min_train_sessions=draw(st.integers(2, 60)),
        test_sessions=draw(st.integers(1, 30)),
        gap_sessions=draw(st.integers(0, 10)),
        scheme=draw(st.sampled_from(["expanding", "rolling"])),
    )
    horizon = draw(st.integers(1, 25))
    boundary = cut.min_train_sessions + horizon + cut.gap_sessions + draw(st.integers(1, 80))
    sessions = days(boundary + draw(st.integers(0, 60)))
    holdout_first = sessions[boundary] if boundary < len(sessions) else date.max
    return sessions, horizon, cut, holdout_first


def folds_of(walk):
    sessions, horizon, cut, holdout_first = walk
    return walk_forward(sessions, horizon=horizon, holdout_first=holdout_first, settings=cut)


@settings(max_examples=150, deadline=None)
@given(walks())
def test_no_training_label_reaches_the_test_or_the_gap_before_it(walk):
    sessions, horizon, cut, _ = walk
    for fold in folds_of(walk):
        last_label_end = sessions.index(fold.train.last) + horizon
        assert last_label_end + cut.gap_sessions < sessions.index(fold.test.first)


@settings(max_examples=100, deadline=None)
@given(walks())
def test_the_purge_takes_no_session_more_than_it_must(walk):
    sessions, horizon, cut, _ = walk
    for fold in folds_of(walk):
        assert sessions.index(fold.train.last) + horizon + cut.gap_sessions + 1 == sessions.index(fold.test.first)


@settings(max_examples=100, deadline=None)
@given(walks())
def test_every_session_after_the_first_window_is_tested_exactly_once(walk):
    sessions, horizon, cut, _ = walk
    tested = [day for fold in folds_of(walk) for day in sessions if fold.test.first <= day <= fold.test.last]
    assert tested == list(sessions[cut.min_train_sessions + horizon + cut.gap_sessions :])


@settings(max_examples=100, deadline=None)
@given(walks())
def test_no_test_block_lies_on_both_sides_of_the_holdout(walk):
    *_, holdout_first = walk
    for fold in folds_of(walk):
        assert (fold.segment == "holdout") == (fold.test.first >= holdout_first)
        assert (fold.segment == "validation") == (fold.test.last < holdout_first)


@settings(max_examples=100, deadline=None)
@given(walks())
def test_windows_are_as_long_as_the_scheme_says(walk):
    sessions, _, cut, _ = walk
    for fold in folds_of(walk):
        first, last = sessions.index(fold.train.first), sessions.index(fold.train.last)
        assert last - first + 1 >= cut.min_train_sessions
        assert first == (0 if cut.scheme == "expanding" else last - cut.min_train_sessions + 1)


@settings(max_examples=100, deadline=None)
@given(walks(), st.integers(1, 40))
def test_later_sessions_change_no_earlier_fold_but_the_last(walk, more):
    sessions, horizon, cut, holdout_first = walk
    if holdout_first == date.max:
        return
    before = folds_of(walk)
    after = folds_of((days(len(sessions) + more), horizon, cut, holdout_first))
    assert after[: len(before) - 1] == before[:-1]
    assert after[len(before) - 1].train == before[-1].train


def test_twelve_sessions_are_cut_as_by_hand():
    d = days(12)

    found = walk_forward(d, horizon=1, holdout_first=d[10], settings=FoldSettings(min_train_sessions=3, test_sessions=4))

    assert found == (
        Fold(0, Span(d[0], d[2]), Span(d[4], d[7]), "validation"),  # the label of session 3 ends in session 4
        Fold(1, Span(d[0], d[6]), Span(d[8], d[9]), "validation"),  # cut short by the holdout
        Fold(2, Span(d[0], d[8]), Span(d[10], d[11]), "holdout"),
    )


def test_three_blocks_of_four_sessions_are_purged_before_the_test():
    # the 12 rows of skfolio's purging example, as a single path: of train 4-7 before test 8-11, a purge of 1 leaves 4-6
    found = walk_forward(
        days(12),
        horizon=1,
        holdout_first=date.max,
        settings=FoldSettings(min_train_sessions=3, test_sessions=4, scheme="rolling"),
    )

    assert found[1].train == Span(days(12)[4], days(12)[6])


def test_too_few_sessions_are_refused_with_their_numbers():
    with pytest.raises(
        ModelError, match=r"50 sessions before the holdout of .* \(80 in all\); expected more than 125 \(train 120"
    ):
        walk_forward(days(80), horizon=5, holdout_first=days(80)[50], settings=FoldSettings(min_train_sessions=120))


@pytest.mark.parametrize("sessions", [days(9)[::-1], (*days(9), days(9)[-1])])
def test_sessions_must_ascend(sessions):
    with pytest.raises(ModelError, match="expected ascending"):
        walk_forward(sessions, horizon=1, holdout_first=date.max, settings=FoldSettings(min_train_sessions=2))


def test_the_last_sessions_are_sealed():
    assert seal(days(10), length=3) == Holdout(days(10)[7], days(10)[9])


@pytest.mark.parametrize("length", [0, 10, 11])
def test_a_holdout_leaves_sessions_before_it(length):
    with pytest.raises(ModelError, match=f"holdout: {length} sessions of 10"):
        seal(days(10), length=length)


def test_a_window_after_the_last_session_ends_with_the_last_known_label():
    window = training_window(days(10), known_before=10, horizon=3, settings=FoldSettings())

    assert window == Span(days(10)[0], days(10)[6])


def test_a_window_without_a_known_label_is_refused():
    with pytest.raises(ModelError, match="no label over 5"):
        training_window(days(10), known_before=5, horizon=5, settings=FoldSettings())


@pytest.mark.parametrize("wrong", [{"min_train_sessions": 1}, {"test_sessions": 0}, {"scheme": "random"}, {"embargo": 1}])
def test_settings_are_bounded(wrong):
    with pytest.raises(ValidationError):
        FoldSettings(**wrong)
