"""L2-regularised logistic regression with an offset: corrects given log-odds by a few labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from router.classifier.logistic import fit_binary

PRIOR_LABELS = 30.0
"""Strength of the L2 penalty: about this many labels weigh as much as the offset."""

Matrix = NDArray[np.float64]


def fit_offset_regression(rows: Matrix, targets: Matrix, offset: Matrix) -> Matrix:
    """Returns the weights `w`, `(d,)`, that correct the log-odds `offset` to `offset + rows @ w`.

    `rows` is `(n, d)`, `targets` holds 0 or 1.
    """
    # The Fisher information of one label is p (1 - p) <= 1/4, so a penalty of 1/4 is worth one.
    penalty = np.full(rows.shape[1], PRIOR_LABELS / 4)
    return fit_binary(rows, targets, penalty, offset=offset)


def beats_offset(rows: Matrix, targets: Matrix, offset: Matrix, max_shift: float) -> bool:
    """Returns whether a fit beats the offset alone in leave-one-out validation.

    The measure is the log loss over all labels. No fit moves the log-odds by more than `max_shift`.
    """
    indices = np.arange(len(targets))
    shift = np.zeros(len(targets))

    for held_out in indices:
        others = indices != held_out
        weights = fit_offset_regression(rows[others], targets[others], offset[others])
        shift[held_out] = rows[held_out] @ weights

    corrected = offset + np.clip(shift, -max_shift, max_shift)
    # Log loss of a label y in {-1, 1} at log-odds z is log(1 + exp(-y z)).
    sign = np.where(targets > 0, 1.0, -1.0)
    loss_with = np.logaddexp(0, -sign * corrected).sum()
    loss_without = np.logaddexp(0, -sign * offset).sum()
    return bool(loss_with < loss_without)
