"""Fits the approximations of assembly/lib and prints their coefficients as float32. Needs mpmath.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install mpmath && /tmp/venv/bin/python scripts/minimax.py

Remez exchange: the best approximation P/Q of f touches its largest error, with alternating sign, at one point more than
it has coefficients. Each round solves for P, Q and that error at the current points, then moves the points to the extrema.
"""
from struct import pack, unpack

from mpmath import cos, erfc, exp, log, lu_solve, matrix, mp, mpf, pi, sqrt, tanh

mp.dps = 50
GRID = 3000


def float32(value):
    return unpack("<f", pack("<f", float(value)))[0]


def evaluate(coefficients, x):
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def remez(f, weight, low, high, p_degree, q_degree=0, bend=None):
    """P (and Q, whose constant is 1) that minimise the largest |weight(x) * (P(x)/Q(x) - f(x))| on [low, high].

    `bend` maps [0, 1] to [low, high] and says where the points crowd."""
    bend = bend or (lambda u: low + (high - low) * u)
    count = p_degree + q_degree + 2
    grid = [bend((1 - cos(pi * i / GRID)) / 2) for i in range(GRID + 1)]
    known = [(x, f(x), weight(x)) for x in grid]
    p, q = least_squares(known[:: GRID // 200], p_degree, q_degree)
    for _ in range(60):
        errors = [w * (evaluate(p, x) / evaluate(q, x) - y) for x, y, w in known]
        extrema = alternating(errors, count)
        if extrema is None:
            raise ArithmeticError(f"{count} alternating extrema not found")
        worst, least = max(abs(e) for e in errors), min(abs(errors[i]) for i in extrema)
        if worst < least * (1 + mpf(10) ** -4):
            return p, q, worst
        p, q = level([known[i] for i in extrema], q, p_degree, q_degree, errors[extrema[0]])
    raise ArithmeticError("the exchange does not settle")


def least_squares(known, p_degree, q_degree):
    """A start for the exchange: least squares of w (P - f Q) / Q, the divisor taken from the round before."""
    size = p_degree + q_degree + 1
    q = [mpf(1)]
    for _ in range(12 if q_degree else 1):
        normal, right = matrix(size), matrix(size, 1)
        for x, y, w in known:
            scale = w / evaluate(q, x)
            row = [scale * x**j for j in range(p_degree + 1)] + [-scale * y * x**j for j in range(1, q_degree + 1)]
            for i in range(size):
                right[i] += row[i] * scale * y
                for j in range(size):
                    normal[i, j] += row[i] * row[j]
        p, q = split(lu_solve(normal, right), p_degree, q_degree)
    return p, q


def level(points, q, p_degree, q_degree, error):
    """P/Q that misses f by +-error / weight at the points in turn: Newton's method, from Q and error of the round before."""
    size = len(points)
    for _ in range(20 if q_degree else 1):
        rows, right = matrix(size), matrix(size, 1)
        for i, (x, y, w) in enumerate(points):
            step = (-1 if i % 2 else 1) / w
            target = y + step * error
            for j in range(p_degree + 1):
                rows[i, j] = x**j
            for j in range(1, q_degree + 1):
                rows[i, p_degree + j] = -target * x**j
            rows[i, size - 1] = -step * evaluate(q, x)
            right[i] = target - step * error * evaluate(q, x)
        found = lu_solve(rows, right)
        p, q = split(found, p_degree, q_degree)
        moved, error = abs(found[size - 1] - error), found[size - 1]
        if moved < abs(error) * mpf(10) ** -12:
            break
    return p, q


def split(found, p_degree, q_degree):
    return [found[j] for j in range(p_degree + 1)], [mpf(1)] + [found[p_degree + j] for j in range(1, q_degree + 1)]


def alternating(errors, count):
    """Indices of the `count` largest errors of alternating sign."""
    runs = []
    for i, e in enumerate(errors):
        if e == 0:
            continue
        if runs and (errors[runs[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[runs[-1]]):
                runs[-1] = i
        else:
            runs.append(i)
    while len(runs) > count:
        smaller = 0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1
        runs.pop(smaller)
    return runs if len(runs) == count else None


def report(name, p, q, worst):
    print(f"{name}: largest relative error {float(worst):.2e} before rounding of the coefficients")
    for label, coefficients in (("p", p), ("q", q)):
        if len(coefficients) > 1:
            for i, c in enumerate(coefficients):
                print(f"  {label}{i} = {float32(c)!r}")


half = log(2) / 2
report(
    "exp(r) = 1 + r + r^2 p(r), |r| <= ln(2)/2",
    *remez(lambda r: (exp(r) - 1 - r) / r**2 if abs(r) > mpf(10) ** -15 else mpf(1) / 2, lambda r: r**2 / exp(r), -half, half, 4),
)

edge = mpf("0.625") ** 2


def tanh_rest(z):
    x = sqrt(z)
    return (tanh(x) / x - 1) / z


report("tanh(x) = x + x z p(z), z = x^2 <= 0.625^2", *remez(tanh_rest, lambda z: z / (1 + z * tanh_rest(z)), mpf(10) ** -12, edge, 4))

report(
    "normal tail(a) = exp(-a^2 / 2) p(a) / q(a), 0 <= a <= 15",
    *remez(
        lambda a: erfc(a / sqrt(2)) / 2 * exp(a * a / 2),
        lambda a: 2 * exp(-a * a / 2) / erfc(a / sqrt(2)),
        mpf(0),
        mpf(15),
        4,
        5,
        bend=lambda u: 2 * u / (1 - u * mpf(13) / 15),
    ),
)
