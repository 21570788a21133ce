"""Draw functional connectivity, and say how far it can be trusted."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from cosim.launch.report.connectome import mark_matrix, weight_name
from cosim.launch.report.drawing import FAINT, GREY, INK, MUTED, VERMILION, Picture, new_figure, number, picture
from cosim.launch.report.recorded import Sampled
from cosim.launch.report.regions import Regions, settled

FEWEST_SAMPLES = 30
FEWEST_INDEPENDENT = 5.0


def independent_samples(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many independent samples every two series are worth when they are correlated.

    Parameters
    ----------
    values : (n_samples, n_series) float64
        Series without constant ones.

    Returns
    -------
    (n_series, n_series) float64
        ``n / (1 + 2 sum_k (1 - k/n) rho_i(k) rho_j(k))``, with each autocorrelation cut where it first reaches zero.

    Notes
    -----
    Source: Bartlett 1935, J. Roy. Stat. Soc. 98:536 (variance of the correlation of two independent autocorrelated series).
    """
    n = len(values)
    centred = values - values.mean(axis=0)
    power = np.abs(np.fft.rfft(centred, 2 * n, axis=0)) ** 2
    covariance = np.fft.irfft(power, axis=0)[:n]
    rho = covariance / covariance[0]
    rho = np.where(np.logical_and.accumulate(rho > 0, axis=0), rho, 0.0)[1:]
    rho = rho[:max(1, int(np.count_nonzero(rho.any(axis=1))))]
    weighted = rho * (1 - np.arange(1, len(rho) + 1) / n)[:, None]
    return np.asarray(n / (1 + 2 * weighted.T @ rho))


def draw_connectivity(port: Sampled, regions: Regions, weights: NDArray[np.float64] | None, *, normalised: bool = False) -> Picture | str:
    """Draw the correlations of all pairs of regions; return a sentence instead where there is too little to correlate."""
    kept = settled(port.times_ms)
    values = port.values[kept]
    n, size = values.shape
    if n < FEWEST_SAMPLES:
        return (f"Too short for functional connectivity: {n} samples a region behind the start of the run, "
                f"and at least {FEWEST_SAMPLES} are wanted.")
    spread = values.std(axis=0)
    varying = np.isfinite(spread) & (spread > 1e-12 * (1.0 + np.abs(np.nan_to_num(values.mean(axis=0)))))
    if np.count_nonzero(varying) < 2:
        return "No functional connectivity: fewer than two regions vary, so there is nothing to correlate."
    matrix = np.full((size, size), np.nan)
    matrix[np.ix_(varying, varying)] = np.corrcoef(values[:, varying].T)
    worth = np.full((size, size), np.nan)
    worth[np.ix_(varying, varying)] = independent_samples(values[:, varying])
    pairs = np.triu_indices(size, 1)
    coefficients, worths = matrix[pairs], worth[pairs]
    typical = float(np.nanmedian(worths))
    if typical < FEWEST_INDEPENDENT:
        return (f"Too short for functional connectivity: the rates change so slowly that the {number(n)} samples a region "
                f"are worth only about {number(typical, 2)} independent ones.")
    figure = new_figure(4.6)
    share = 4.6 / 11.0
    axes = figure.add_axes((0.05, 0.105, 0.82 * share, 0.82))
    image = axes.imshow(matrix, interpolation="nearest", cmap="RdBu_r", vmin=-1, vmax=1)
    axes.set_xlabel("region (number)")
    axes.set_ylabel("region (number)")
    mark_matrix(axes, regions)
    bar = figure.add_axes((0.05 + 0.82 * share + 0.014, 0.105, 0.011, 0.82))
    figure.colorbar(image, cax=bar).outline.set_visible(False)
    bar.set_title("r", fontsize=8.5, fontweight="normal", loc="center")
    known = np.isfinite(coefficients)
    by_chance = known & within_chance(coefficients, worths)
    linked = weights is not None and weights.shape == matrix.shape and bool(np.any(np.maximum(weights, weights.T)[pairs] > 0))
    counts = figure.add_axes((0.53, 0.62, 0.45, 0.305) if linked else (0.53, 0.105, 0.45, 0.82))
    counts.hist([coefficients[by_chance], coefficients[known & ~by_chance]], bins=np.linspace(-1, 1, 81).tolist(), stacked=True,
                color=[FAINT, GREY])
    counts.set_xlim(-1, 1)
    counts.set_ylabel("pairs")
    counts.set_xlabel("correlation r")
    counts.text(0, 1.02, "light: not to be told from chance", transform=counts.get_xaxis_transform(), color=MUTED, fontsize=8,
                ha="center")
    share = 100 * np.count_nonzero(by_chance) / max(int(np.count_nonzero(known)), 1)
    if linked and weights is not None:
        below = figure.add_axes((0.53, 0.105, 0.45, 0.33))
        _draw_against_weights(below, coefficients, np.maximum(weights, weights.T)[pairs], pairs, regions,
                              weight_name(normalised))
    start, stop = float(port.times_ms[kept][0]), float(port.times_ms[-1])
    caption = (f"Pearson correlation of the rates of every pair of regions over {number(start)}–{number(stop)} ms: {number(n)} samples a "
               "region, but samples that follow each other are alike, so they are worth fewer "
               f"independent ones: {_span(worths)}, depending on the pair. For a pair, |r| below 1.96 / √(that number) is within chance: "
               f"{_span(1.96 / np.sqrt(worths), most=1.0)}; that holds for {share:.0f} % of pairs here. "
               + ("This is short: resting-state studies take minutes. " if stop - start < 60_000 else "")
               + "A stimulus counts as part of the rates."
               + (" Below: the same against the weight of the link (larger of both directions)." if linked else "")
               + _constant(size - int(np.count_nonzero(varying)))
               + regions.marks())
    return picture(figure, f"Functional connectivity of {size} regions as a matrix of correlations", caption)


def within_chance(coefficients: NDArray[np.float64], worths: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which correlations two independent series would exceed, one way or the other, more often than once in twenty times.

    Parameters
    ----------
    coefficients, worths : (n_pairs,) float64
        Correlation of each pair, and how many independent samples the pair is worth.
    """
    return np.asarray(np.abs(coefficients) <= 1.96 / np.sqrt(worths))


def _span(numbers: NDArray[np.float64], most: float = np.inf) -> str:
    """Write the median and the range of 90 % of some numbers."""
    low, middle, high = (number(min(float(v), most), 2) for v in np.nanpercentile(numbers, (5, 50, 95)))
    return f"{middle} (90 % of pairs: {low} to {high})"


def _constant(regions: int) -> str:
    if not regions:
        return ""
    said = "region does not vary, or is" if regions == 1 else "regions do not vary, or are"
    return f" {regions} {said} not known, and left blank."


def _draw_against_weights(axes: Axes, coefficients: NDArray[np.float64], weights: NDArray[np.float64], pairs: tuple[NDArray[np.intp], ...],
                          regions: Regions, weight: str) -> None:
    linked = (weights > 0) & np.isfinite(coefficients)
    mine = linked & (np.isin(pairs[0], regions.replaced) | np.isin(pairs[1], regions.replaced))
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.plot(weights[linked & ~mine], coefficients[linked & ~mine], ".", markersize=2.4, color=MUTED, alpha=0.5, rasterized=True)
    axes.plot(weights[mine], coefficients[mine], "o", markersize=3.2, color=VERMILION)
    if linked.any() and weights[linked].max() / np.percentile(weights[linked], 5) > 30:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"{weight} of the link")
    axes.set_ylabel("r")
    if mine.any():
        axes.text(1, 1.02, "pairs with the replaced region", transform=axes.transAxes, color=VERMILION, fontsize=8, ha="right")
    axes.text(0, 1.02, f"{np.count_nonzero(linked):,} pairs that are linked", transform=axes.transAxes, color=INK, fontsize=8)
