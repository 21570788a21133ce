"""What a user may set for operators, and for the component that applies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from cosim.blocks import Kind
from cosim.errors import InputError, Problem
from cosim.interfaces import Unit

Drive = Literal["activity", "membrane_potential"]
Ms = Annotated[Fraction, Unit("ms")]


@dataclass(frozen=True, slots=True)
class Period:
    """Take the mean over a period, or one sample of it.

    Parameters
    ----------
    period : float, ms
        From one sample that comes out to the next.
    """

    period: Ms


@dataclass(frozen=True, slots=True)
class Volterra:
    """Convolve activity with a haemodynamic response.

    Parameters
    ----------
    period : float, ms
        Repetition time of the scanner.
    kernel : {'first_order_volterra', 'gamma', 'double_exponential', 'mixture_of_gammas'}
        The response.
    length : float, ms
        How long the response is followed.
    alignment : {'plain', 'tvb'}
        The convolution as it is, or as The Virtual Brain computes it, off by one sample.
    before : float
        Activity before the run.
    of : {'activity', 'membrane_potential'}
        What is taken to drive the vessels; a membrane potential must be asked for by name.
    """

    period: Ms
    kernel: Literal["first_order_volterra", "gamma", "double_exponential", "mixture_of_gammas"] = "first_order_volterra"
    length: Ms = Fraction(20000)
    alignment: Literal["plain", "tvb"] = "plain"
    before: float = 0.0
    of: Drive = "activity"


@dataclass(frozen=True, slots=True)
class BalloonWindkessel:
    """Let activity drive the Balloon-Windkessel model.

    Parameters
    ----------
    period : float, ms
        Repetition time of the scanner.
    variant : {'stephan_2007', 'classic', 'friston_2003', 'vbi'}
        Constants and signal equation.
    step : float or None, ms
        Step of integration, over which activity is averaged; None is the longest up to 10 ms that fits.
    signal : {'nonlinear', 'linear'}
        The signal equation, or its linearisation.
    of : {'activity', 'membrane_potential'}
        What is taken to drive the vessels; a membrane potential must be asked for by name.
    """

    period: Ms
    variant: Literal["stephan_2007", "classic", "friston_2003", "vbi"] = "stephan_2007"
    step: Ms | None = None
    signal: Literal["nonlinear", "linear"] = "nonlinear"
    of: Drive = "activity"


@dataclass(frozen=True, slots=True)
class Gain:
    """Weight the channels for each sensor: EEG, MEG, SEEG.

    Parameters
    ----------
    file : path or None
        A gain matrix, a row for each sensor and a column for each channel: .npy, .txt, .csv or .mat.
    variable : str or None
        Name of the matrix in a .mat file.
    sensors : path or None
        Lines ``label x y z [nx ny nz]``; without 'file' the gain is computed from them, with it they give the names.
    sources : path or None
        Lines ``region x y z [nx ny nz [area]]``; several lines of one region are added up. Or, for the centres of its regions, a
        connectome (a zip file, or ``tvb_data:FILE``) or a run (its folder or ``results.h5``); with 'cosim observe' None is the run itself.
    rule : {'inverse_square', 'dipole', 'sphere_eeg', 'sphere_meg'}
        How a sensor sees a source.
    scaling : {'none', 'percentile_95'}
        Divide the gain by its 95th percentile and bound it by 1.
    reference : {'none', 'average'}
        Against what potentials are measured.
    nearest : float
        Smallest distance of a sensor from a source that is allowed, in the unit of the positions.
    conductivity : float
        sigma of the electric rules.
    strength : float
        Factor a of all sources.
    period : float or None, ms
        Take the mean over so long first; None is every step.
    unit : str
        Unit of what comes out.
    folder : Path or None
        Where relative paths start; the folder of the file.
    """

    file: Path | None = None
    variable: str | None = None
    sensors: Path | None = None
    sources: Path | None = None
    rule: Literal["inverse_square", "dipole", "sphere_eeg", "sphere_meg"] = "inverse_square"
    scaling: Literal["none", "percentile_95"] = "none"
    reference: Literal["none", "average"] = "none"
    nearest: float = 0.0
    conductivity: float = 1.0
    strength: float = 1.0
    period: Ms | None = None
    unit: str = "1"
    folder: Path | None = None

    def __post_init__(self) -> None:
        if self.file is None and self.sensors is None:
            raise InputError(Problem("there is no gain", expected="'file', or 'sensors' and 'sources'"))
        if self.file is not None and self.sources is not None:
            raise InputError(Problem("the gain is given twice: by 'file' and by 'sources'", remedy="remove one of them"))
        if not (self.nearest >= 0 and 0 < self.conductivity < float("inf")):
            raise InputError(Problem(f"nearest is {self.nearest:g} and conductivity {self.conductivity:g}",
                                     expected="0 or more, and a number above 0"))


@dataclass(frozen=True, slots=True)
class Difference:
    """Subtract one input from another, channel by channel.

    Parameters
    ----------
    plus, minus : str
        Names of the inputs.
    period : float or None, ms
        Take the mean over so long; None is every step.
    """

    plus: str
    minus: str
    period: Ms | None = None


@dataclass(frozen=True, slots=True)
class LfpTerm:
    """Hold one term of the LFP proxy.

    Parameters
    ----------
    input : str
        Name of the input.
    weight : float
        Its factor.
    delay : float, ms
        By how much it is delayed.
    """

    input: str
    weight: float
    delay: Ms = Fraction(0)


@dataclass(frozen=True, slots=True)
class Lfp:
    """Add up delayed currents or states, each with a weight.

    Parameters
    ----------
    terms : tuple of LfpTerm
        What is added up.
    absolute : bool
        Whether their absolute values are taken.
    pooled : bool
        Whether all channels are added up to one.
    period : float or None, ms
        Take the mean over so long; None is every step.
    """

    terms: tuple[LfpTerm, ...]
    absolute: bool = True
    pooled: bool = False
    period: Ms | None = None

    def __post_init__(self) -> None:
        if not self.terms:
            raise InputError(Problem("there is no term", "terms", "a list such as [{input: in, weight: 1}]"))


@dataclass(frozen=True, slots=True)
class ObservationNoise:
    """Add Gaussian noise to what comes out.

    Parameters
    ----------
    deviation : float
        Its standard deviation, in the unit of what comes out.
    stream : str or None
        Name of its random stream; None is the name of the operator. Operators that share it draw the same numbers.
    """

    deviation: float
    stream: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.deviation < float("inf"):
            raise InputError(Problem(f"the standard deviation {self.deviation:g} is no finite number from 0 on", "deviation"))


@dataclass(frozen=True, slots=True)
class Observation:
    """Hold one operator: exactly one of these keys says which, the last three hold for all.

    Parameters
    ----------
    temporal_average, subsample : Period or None
        The mean over a period; or its last sample.
    volterra : Volterra or None
        BOLD by a haemodynamic response.
    balloon : BalloonWindkessel or None
        BOLD by the Balloon-Windkessel model.
    gain : Gain or None
        EEG, MEG, SEEG.
    difference : Difference or None
        One input less another.
    lfp : Lfp or None
        LFP proxy.
    input : str or None
        What it takes, where there are several inputs; None is the first.
    noise : ObservationNoise or None
        Observation noise.
    highest : float or None, Hz
        The highest frequency that what comes out is to show; refused where it is sampled too coarsely for that.
    """

    temporal_average: Period | None = None
    subsample: Period | None = None
    volterra: Volterra | None = None
    balloon: BalloonWindkessel | None = None
    gain: Gain | None = None
    difference: Difference | None = None
    lfp: Lfp | None = None
    input: str | None = None
    noise: ObservationNoise | None = None
    highest: Annotated[float | None, Unit("Hz")] = None

    def __post_init__(self) -> None:
        kinds = [f.name for f in fields(self)[:7]]
        named = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(named) != 1:
            raise InputError(Problem("it says nothing of what is to be observed" if not named else f"it names {' and '.join(named)}",
                                     expected="exactly one of " + ", ".join(kinds),
                                     remedy="" if named else "write such as 'volterra: {period: 2 s}'"))
        if self.input is not None and named[0] in ("difference", "lfp"):
            raise InputError(Problem(f"'{named[0]}' names its inputs itself", "input", remedy="remove this key"))


@dataclass(frozen=True, slots=True)
class ObserveParameters:
    """Hold the parameters of `observe`.

    Parameters
    ----------
    operators : mapping of str to Observation
        What is observed; the names are those of the output ports.
    channels : int or None
        Number of channels of what is observed; None is that of what is coupled to the inputs.
    inputs : tuple of str
        Names of the input ports.
    kind : {'state', 'rate', 'current', 'spikes'}
        What the input ports take.
    unit : str
        Its unit.
    labels : tuple of str
        Names of the channels; where they are empty, those of what is coupled to the inputs.
    """

    operators: Mapping[str, Observation]
    channels: int | None = None
    inputs: tuple[str, ...] = ("in",)
    kind: Kind = Kind.STATE
    unit: str = "1"
    labels: tuple[str, ...] = ()
