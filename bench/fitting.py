"""Fitting a line: figures of batches of several sizes in, what is fixed and what is per record out.

Least squares of the relative errors, so that a batch of one counts as much as one of thousands.
Neither part is ever negative: nothing costs less for being asked for.
"""

from collections.abc import Sequence


def line(sizes: Sequence[float], figures: Sequence[float]) -> tuple[float, float]:
    """Return a and b of figure = a + b × size."""
    points = [(size, figure) for size, figure in zip(sizes, figures, strict=True) if figure > 0]
    if not points:
        return 0.0, 0.0
    total = sum(1 / y**2 for _, y in points)
    mean_x = sum(x / y**2 for x, y in points) / total
    mean_y = sum(1 / y for _, y in points) / total
    spread = sum((x - mean_x) ** 2 / y**2 for x, y in points)
    slope = sum((x - mean_x) * (y - mean_y) / y**2 for x, y in points) / spread if spread else 0.0
    fixed = mean_y - slope * mean_x
    if slope < 0:
        return mean_y, 0.0
    if fixed < 0:
        return 0.0, sum(x / y for x, y in points) / sum(x**2 / y**2 for x, y in points)
    return fixed, slope
