"""Sums, extremes and ranks over trailing windows of a column of one block; no names here but the row number in the chain.

Every window is joined from blocks of 1, 2, 4, ... rows in one fixed order, so a value depends, to the bit, on the rows
of its own window alone: not on where the column starts, on what follows, or on what passed through earlier as in a
running sum. All windows over one input share the blocks. A window with a missing row, or that begins before its chain, is
missing. The steps that loops are made of, and windows that cannot share, are in `kairos.features.steps`.
"""

import numpy as np

from kairos.features.compiled import Column, Columns, Rows, compiled
from kairos.features.steps import add, add_aged, age_of_larger, copy, larger, times, within_chain


@compiled
def totals(x: Column, windows: Rows, decay: float, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with sum over i < windows[j] of decay**i * x[t-i]; windows ascend."""
    block, spare = scratch[0], scratch[1]
    copy(x, block)
    behind, last, size = np.zeros(windows.size, np.int64), windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if windows[j] & size:
                add(block, behind[j], decay ** behind[j], out[places[j]])
                behind[j] += size
        if 2 * size <= last:
            copy(block, spare)
            add(block, size, decay**size, spare)
            block, spare = spare, block
        size *= 2
    for j in range(windows.size):
        within_chain(row, windows[j] - 1, out[places[j]])


@compiled
def aged_totals(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with sum over i < windows[j] of i * x[t-i]: each row times its age; windows ascend."""
    block, spare, aged, aged_spare = scratch[0], scratch[1], scratch[2], scratch[3]
    copy(x, block)
    for t in range(x.size):
        aged[t] = x[t] - x[t]
    behind, last, size = np.zeros(windows.size, np.int64), windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if windows[j] & size:
                add_aged(aged, block, behind[j], out[places[j]])
                behind[j] += size
        if 2 * size <= last:
            copy(aged, aged_spare)
            add_aged(aged, block, size, aged_spare)
            copy(block, spare)
            add(block, size, 1.0, spare)
            block, spare, aged, aged_spare = spare, block, aged_spare, aged
        size *= 2
    for j in range(windows.size):
        within_chain(row, windows[j] - 1, out[places[j]])


@compiled
def products(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with the product of the last windows[j] rows; windows ascend."""
    block, spare = scratch[0], scratch[1]
    copy(x, block)
    behind, last, size = np.zeros(windows.size, np.int64), windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if windows[j] & size:
                times(block, behind[j], out[places[j]])
                behind[j] += size
        if 2 * size <= last:
            copy(block, spare)
            times(block, size, spare)
            block, spare = spare, block
        size *= 2
    for j in range(windows.size):
        within_chain(row, windows[j] - 1, out[places[j]])


@compiled
def highest(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with the maximum of the last windows[j] rows; windows ascend."""
    block, spare = scratch[0], scratch[1]
    copy(x, block)
    last, size = windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if size <= windows[j] < 2 * size:
                larger(block, windows[j] - size, out[places[j]])
                within_chain(row, windows[j] - 1, out[places[j]])
        larger(block, size, spare)
        block, spare = spare, block
        size *= 2


@compiled
def ages_of_highest(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with how many rows ago the maximum of the last windows[j] rows was; windows ascend."""
    block, spare, age, age_spare = scratch[0], scratch[1], scratch[2], scratch[3]
    copy(x, block)
    for t in range(age.size):
        age[t] = 0.0
    last, size = windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if size <= windows[j] < 2 * size:
                age_of_larger(block, age, windows[j] - size, out[places[j]])
                within_chain(row, windows[j] - 1, out[places[j]])
        age_of_larger(block, age, size, age_spare)
        larger(block, size, spare)
        block, spare, age, age_spare = spare, block, age_spare, age
        size *= 2
