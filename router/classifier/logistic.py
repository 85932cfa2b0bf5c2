"""L2-regularised logistic regression: multinomial by L-BFGS, binary by Newton's method.

Three parts of the product fit logistic regressions: the route classifier, the scope classifier and
the request gate of mining. They use this module and not scikit-learn for three reasons:

- scikit-learn knows neither an offset nor a penalty of its own for each coefficient.
- A warm start and a reduced basis (`RowSpace`) make the repeated fits of cross-validation cheap.
- Importing scikit-learn costs a second or two and 50 MB more than SciPy, in the bot process too.

`tests/classifier/test_logistic.py` compares both solvers with scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.classifier.arrays import Floats, Ints, Rows

MAX_ITERATIONS = 80
WARM_ITERATIONS = MAX_ITERATIONS // 5
"""Enough to compare models when the search starts from a solution of nearly the same problem."""
NEWTON_STEPS = 50
MAX_LOG_ODDS = 30.0
"""Beyond this the logistic function is 0 or 1 to 13 digits, and exp() would overflow later."""
CONVERGED = 1e-8
"""Newton's method stops when no coefficient moves by more than this."""


@dataclass(frozen=True, slots=True)
class LinearClassifier:
    """A fitted multinomial regression: `rows @ weights + bias` are the logits."""

    weights: Rows
    bias: Rows

    def logits(self, rows: Rows) -> Floats:
        """Returns `(n, classes)`."""
        return np.asarray(rows @ self.weights + self.bias, np.float64)


@dataclass(frozen=True, slots=True)
class RowSpace:
    """Rows in coordinates of the space that they span, to fit classifiers to many subsets quickly.

    With an L2 penalty the best weights are a combination of the rows (representer theorem), so
    nothing is lost by searching in their span. Three hundred examples of eleven hundred numbers
    each are then fitted in a quarter of the time.

    `coordinates` is `(n, rank)`. `basis` is `(dim, rank)` with orthonormal columns, or None where
    there are at least as many rows as dimensions; then the coordinates are the rows themselves.
    """

    coordinates: Rows
    basis: Rows | None

    @classmethod
    def from_rows(cls, rows: Rows) -> RowSpace:
        """Returns the space of these rows by a QR decomposition."""
        if len(rows) >= rows.shape[1]:
            return cls(rows, None)

        # rows.T = Q R, so that a row is Q times a column of R.
        basis, upper = np.linalg.qr(rows.T)
        return cls(np.ascontiguousarray(upper.T), basis)

    def fit(self, selected: Ints, labels: Ints, class_count: int) -> LinearClassifier:
        """Returns the classifier of the `selected` rows; it reads rows of full length."""
        fitted = fit_multinomial(self.coordinates[selected], labels, class_count)
        if self.basis is None:
            return fitted

        return LinearClassifier(self.basis @ fitted.weights, fitted.bias)


def fit_multinomial(
    rows: Rows, labels: Ints, class_count: int, start: LinearClassifier | None = None
) -> LinearClassifier:
    """Returns the multinomial logistic regression of `labels` on `rows`, fitted by L-BFGS.

    The problem (`_MultinomialLoss`) is convex: a `start` near the solution only saves iterations,
    and a fifth of them suffice then.
    """
    # SciPy takes long to import, and a process that only decides never fits anything.
    from scipy.optimize import minimize

    count, dim = rows.shape
    # Centring moves only the bias, but the search takes far fewer iterations around zero.
    center = rows.mean(axis=0)
    weights = class_weights(labels, class_count)[labels].astype(np.float32)
    loss = _MultinomialLoss(rows - center, labels, weights, class_count, prior_variance(count))

    begin = np.zeros((dim + 1, class_count))
    iterations = MAX_ITERATIONS
    if start is not None:
        begin = np.vstack([start.weights, start.bias + center @ start.weights]).astype(np.float64)
        iterations = WARM_ITERATIONS

    options = {"maxiter": iterations, "gtol": count * 1e-6}
    result = minimize(
        loss.value_and_gradient, begin.ravel(), jac=True, method="L-BFGS-B", options=options
    )

    parameters = result.x.reshape(dim + 1, class_count).astype(np.float32)
    fitted = parameters[:dim]
    # Back to rows that are not centred: W (x - c) + b = W x + (b - W c).
    return LinearClassifier(fitted, parameters[dim] - center @ fitted)


@dataclass(frozen=True, slots=True)
class _MultinomialLoss:
    """What the multinomial regression minimises, as a function of weights W and bias b.

        sum_i w_i * (logsumexp(z_i) - z_i[y_i]) + |W|^2 / (2 s),   z_i = W x_i + b

    with `weights` w of the rows (see `class_weights`) and the `variance` s of a Gaussian prior (see
    `prior_variance`). The bias has no prior.
    """

    rows: Rows
    labels: Ints
    weights: Rows
    class_count: int
    variance: float

    def value_and_gradient(self, flat: Floats) -> tuple[float, Floats]:
        """Returns both for the parameters `(dim + 1, class_count)` as one flat array."""
        count, dim = self.rows.shape
        each = np.arange(count)

        # Products in float32 take half the time; the optimiser itself works in float64.
        parameters = flat.reshape(dim + 1, self.class_count).astype(np.float32)
        matrix = parameters[:dim]

        logits = self.rows @ matrix + parameters[dim]
        logits -= logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        total = exponentials.sum(axis=1, keepdims=True)
        log_loss = (np.log(total[:, 0]) - logits[each, self.labels]) * self.weights
        penalty = float((matrix**2).sum()) / (2 * self.variance)

        # d loss / d z_i = w_i * (softmax(z_i) - onehot(y_i)), then the chain rule for W and b.
        residual = exponentials / total
        residual[each, self.labels] -= 1.0
        residual *= self.weights[:, None]

        gradient = np.empty((dim + 1, self.class_count))
        gradient[:dim] = self.rows.T @ residual + matrix / self.variance
        gradient[dim] = residual.sum(axis=0)
        return float(log_loss.sum()) + penalty, gradient.ravel()


def class_weights(labels: Ints, class_count: int) -> Floats:
    """Returns the weight of one example of each class; the mean over all examples is 1.

    All classes weigh the same: a company's own route with twelve examples stands beside built-in
    ones with two hundred, and how many examples a route has says nothing of how often it is asked.
    """
    counts = np.bincount(labels, minlength=class_count)
    share = len(labels) / np.count_nonzero(counts)
    return np.asarray(share / np.maximum(counts, 1), np.float64)


def prior_variance(count: int) -> float:
    """Returns the variance of the Gaussian prior on the weights for that many rows.

    Few examples need larger weights to be told apart.
    """
    return 30.0 if count < 3000 else 10.0


def sigmoid(log_odds: Floats) -> Floats:
    """Returns probabilities in 0-1; log-odds are clipped at `MAX_LOG_ODDS`."""
    clipped = np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS)
    return np.asarray(1 / (1 + np.exp(-clipped)), np.float64)


def fit_binary(
    rows: Floats,
    targets: Floats,
    penalty: Floats,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
) -> Floats:
    """Returns the coefficients of a binary logistic regression, fitted by Newton's method.

    `rows` is `(n, d)` and holds a column of ones where a bias is wanted. `targets` are 0 or 1.
    Minimises, with a ridge `penalty` for each coefficient, `weights` of rows (1 by default) and
    log-odds `offset` known beforehand (0 by default):

        sum_i w_i * (log(1 + exp(z_i)) - t_i z_i) + sum_j penalty_j b_j^2 / 2,   z = rows b + offset

    Also known as iteratively reweighted least squares (Bishop, Pattern Recognition and Machine
    Learning, 2006, section 4.3.3), with step halving so that it converges from anywhere.
    """
    weights = np.ones(len(rows)) if weights is None else weights
    offset = np.zeros(len(rows)) if offset is None else offset

    def loss(coefficients: Floats) -> float:
        log_odds = offset + rows @ coefficients
        # logaddexp(0, z) is log(1 + exp(z)) without overflow.
        losses = np.logaddexp(0, log_odds) - targets * log_odds
        return float((weights * losses).sum() + (penalty * coefficients**2).sum() / 2)

    coefficients = np.zeros(rows.shape[1])
    current = loss(coefficients)

    for _ in range(NEWTON_STEPS):
        probabilities = sigmoid(offset + rows @ coefficients)
        gradient = rows.T @ (weights * (probabilities - targets)) + penalty * coefficients

        # The Hessian is X^T diag(w p (1 - p)) X plus the ridge.
        curvature = weights * probabilities * (1 - probabilities)
        hessian = (rows * curvature[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)

        # Where the log-odds are far from the targets, p (1 - p) is next to nothing and the full
        # step overshoots: without halving, the search would jump back and forth.
        while float(np.abs(step).max()) >= CONVERGED and loss(coefficients - step) > current:
            step = step / 2

        coefficients = coefficients - step
        current = loss(coefficients)
        if float(np.abs(step).max()) < CONVERGED:
            break

    return coefficients
