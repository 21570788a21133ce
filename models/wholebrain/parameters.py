"""What a user may set for the brain network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from cosim.interfaces import Unit
from cosim.models.wholebrain.synthetic import SyntheticConnectome


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Hold one stimulus: `amplitude` times a weight of each region times a course in time, added to an input of these regions.

    Parameters
    ----------
    regions : tuple of str
        Names of the regions; may be left out with `weights` by name and with `around`.
    amplitude : float
        What is added, in the unit of the model's input (nA for `reduced_wong_wang`), where weight and course are 1.
    onset, duration : float, ms
        It is on in the steps that start in ``[onset, onset + duration)``. A file lasts as long as its samples where nothing is said.
    variable : str or None
        The state variable whose equation it enters; None is the model's first.
    shape : {'pulse', 'pulse_train', 'sine', 'ramp', 'gaussian', 'alpha', 'file'}
        The course, with t from the onset: 1; pulses of `pulse_width` every `period`; sin(2 pi frequency t + phase); t / rise, then 1;
        exp(-(t - peak)^2 / (2 sigma^2)); t / tau exp(1 - t / tau); or the samples of `file`.
    period, pulse_width : float, ms
        Of a pulse train.
    count : int or None
        How many pulses a train has; None is as many as begin within the duration.
    frequency : float, Hz
        Of a sine.
    phase : float, rad
        Of a sine; 0 where nothing is said.
    rise : float, ms
        How long a ramp rises; the duration where nothing is said.
    sigma, peak : float, ms
        Of a Gaussian: its width and when it is at its highest; in the middle of the duration where nothing is said.
    tau : float, ms
        When an alpha function is at its highest.
    file : str
        A table (``.csv``, ``.txt`` or ``.npy``) with one row a sample, and one column, or one for each region.
    step : float, ms
        From one sample of `file` to the next; between them lie straight lines.
    weights : mapping of str to float, tuple of float or None
        Weight of each region, by name, or in the order of `regions` (of all regions where none is named).
    around : str, tuple of float or None
        A region or a position in mm; each region's weight is exp(-d^2 / (2 width^2)) with its distance d, and 0 beyond 6 `width`.
    width : float, mm
        Of the Gaussian around that place.
    """

    regions: tuple[str, ...] = ()
    amplitude: float = 1.0
    onset: Annotated[float, Unit("ms")] = 0.0
    duration: Annotated[float, Unit("ms")] | None = None
    variable: str | None = None
    shape: Literal["pulse", "pulse_train", "sine", "ramp", "gaussian", "alpha", "file"] = "pulse"
    period: Annotated[float, Unit("ms")] | None = None
    pulse_width: Annotated[float, Unit("ms")] | None = None
    count: int | None = None
    frequency: Annotated[float, Unit("Hz")] | None = None
    phase: Annotated[float, Unit("rad")] | None = None
    rise: Annotated[float, Unit("ms")] | None = None
    sigma: Annotated[float, Unit("ms")] | None = None
    peak: Annotated[float, Unit("ms")] | None = None
    tau: Annotated[float, Unit("ms")] | None = None
    file: str | None = None
    step: Annotated[float, Unit("ms")] | None = None
    weights: Mapping[str, float] | tuple[float, ...] | None = None
    around: str | tuple[float, float, float] | None = None
    width: Annotated[float, Unit("mm")] | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Say from which past a group goes on: that of an earlier run, or a table.

    Parameters
    ----------
    run : str or None
        Folder of an earlier run, or its ``results.h5``.
    group : str or None
        The group of that run to go on from; None is the only one that recorded all of the state.
    at : float, ms, or 'last'
        The instant of that run that becomes instant 0.
    file : str or None
        A table in place of a run: ``.npz`` with one (time, region) a variable, ``.npy`` with (time, variable, region), or ``.npy`` or
        ``.csv`` with (time, region) of one variable; the newest row is the last.
    variables : tuple of str
        The variables of an ``.npy`` or ``.csv`` in order; those of the models where nothing is said.
    step : float, ms
        From one row of `file` to the next; the step of the group where nothing is said. Between them lie straight lines.
    """

    run: str | None = None
    group: str | None = None
    at: Annotated[float, Unit("ms")] | Literal["last"] = "last"
    file: str | None = None
    variables: tuple[str, ...] = ()
    step: Annotated[float, Unit("ms")] | None = None


@dataclass(frozen=True, slots=True)
class OtherModel:
    """Hold another model for some regions.

    Parameters
    ----------
    regions : tuple of str
        Names of the regions that have it.
    model : str
        Name of the model.
    model_parameters : mapping of str to number, tuple of numbers, mapping of str to number, or str
        Its parameters; a tuple holds one number for each of these regions, a mapping some by name, as in `WholeBrainParameters`.
    takes : mapping of str to str
        For some of what the model receives, which of the things sent it sums.
    """

    regions: tuple[str, ...]
    model: str
    model_parameters: Mapping[str, float | str | tuple[float, ...] | Mapping[str, float]] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Say what one model takes from another: ``times`` what is sent, ``plus`` a constant, in place of what it takes from its own kind.

    Parameters
    ----------
    source, target : str
        Names of the sending and of the receiving model.
    received, sent : str
        What the target receives, and what of the source it takes.
    times, plus : float
        Turn the one into the other.
    """

    source: str
    target: str
    received: str
    sent: str
    times: float = 1.0
    plus: float = 0.0


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Hold the constants of sigmoidal coupling: low + (high - low) / (1 + exp(-slope (sum - middle) / width)).

    Parameters
    ----------
    low, high : float
        What it goes from and to; the defaults are those of The Virtual Brain.
    middle, slope, width : float
        Where it is half way, how steep it is, and the scale of its argument.
    """

    low: float = -1.0
    high: float = 1.0
    middle: float = 0.0
    slope: float = 1.0
    width: float = 230.0


@dataclass(frozen=True, slots=True)
class WholeBrainParameters:
    """Hold the parameters of `wholebrain`.

    Parameters
    ----------
    connectome : str
        ``tvb_data:FILE`` from the installed package tvb-data, 'synthetic', or a path whose ending says the format: ``.zip`` or ``.h5`` of
        The Virtual Brain, a folder, a file of BIDS, or weights as ``.txt``, ``.csv``, ``.tsv``, ``.npy``, ``.npz`` or ``.mat``.
    tract_lengths : str or None
        A file with tract lengths in mm, in place of those that come with the connectome.
    labels : str or None
        A text file with the names of the regions, and perhaps their centres, in place of those that come with the connectome.
    transpose : bool
        Rows of the files are sources. Otherwise rows are targets: ``[i, j]`` is the connection from region j to region i.
    regions : tuple of str or None
        The regions to simulate: names, patterns such as 'l*', 'cortical', 'subcortical'; 'not' before a word takes away. None: all.
    symmetric : {'none', 'mean', 'max'}
        Leave the weights as they are, or take the mean or the larger of both directions.
    threshold : float
        Connections between regions with a smaller weight are dropped.
    density : float or None
        Share of the possible connections between regions to keep, the strongest ones; None keeps all.
    logarithm : bool
        Take log(1 + w) in place of each weight w.
    fallback : {'none', 'synthetic'}
        What to take when tvb-data is asked for and not installed.
    synthetic : SyntheticConnectome
        What a synthetic connectome is made from.
    normalise : {'none', 'max', 'max_row_sum'}
        Divide the weights, after all that stands above, by nothing, by the largest, or by the largest sum over a region's afferents.
    self_connections : bool
        Keep the connections of regions with themselves.
    speed : float, mm/ms
        Conduction speed; delays are rint(length / speed / step), half to even.
    coupling : float
        The factor G of all long-range input.
    coupling_function : {'linear', 'difference', 'sigmoidal'}
        What becomes of the sum over sources: G times it; G times the sum over what each sends less what the region sends itself; or G
        times a sigmoid of it. Kuramoto's coupling is that of the model `kuramoto`.
    coupling_offset : float
        What is added to all long-range input.
    sigmoid : Sigmoid
        Constants of sigmoidal coupling.
    model : str
        Name of the local model.
    model_parameters : mapping of str to number, tuple of numbers, mapping of str to number, or str
        Parameters of the local model; a tuple holds one number a region; a mapping names regions, or patterns such as 'l*', and has
        'default' for all others.
    takes : mapping of str to str
        For some of what the model receives, which of the things sent it sums, where it is not the usual one.
    other_models : tuple of OtherModel
        Other models for some regions.
    exchange : tuple of Exchange
        What models take from each other, where they do not send things of the same name.
    scheme : {'euler', 'heun', 'heun_held', 'rk4', 'backward_euler', 'tr_bdf2'}
        Heun's scheme takes the delayed input of both ends of the step; 'heun_held' keeps that of its start (as The Virtual Brain). The last
        two are implicit, for stiff models.
    noise : float or mapping of str to float
        Strength of the additive white noise, in the unit of the variable / sqrt(ms); for all variables, or by variable.
    noise_by : mapping of str to {'state', 'root'}
        Variables whose noise is multiplied by the variable itself, or by its square root.
    noise_stream : str or None
        Name of the random stream; None is the name of the group. Groups that share it draw the same noise for the same region.
    start : {'rest', 'model'}
        Begin at the noise-free fixed point of the whole network, or, also where it has none, at the model's own start values.
    initial : mapping of str to float, tuple of float or mapping of str to float
        Values for some variables instead, for all times up to 0: for all regions, in their order, or by name as in `model_parameters`.
    history : History
        What was before instant 0; where neither a run nor a file is named, it was always as at the start.
    noise_from_step : int
        The number that the first step has in the noise; that of the last step of an earlier run lets its noise go on.
    outside : {'tell', 'error'}
        What to do where a state leaves the range that its model was made for: tell it at the end, or end the run.
    stimuli : tuple of Stimulus
        What is added when and where; they add up.
    simulate : tuple of str or None
        Regions that this group simulates, each on its own, with what all others send coming in from outside. None: all but the replaced.
    replaced : mapping of str to {'rate', 'coupling'}
        Regions whose activity comes from outside, as a rate in Hz or as the variable that regions send.
    driven : tuple of str
        Regions with an input port of their own for what is added to the first input of the model.
    folder : Path or None
        Where relative paths start; the folder of the experiment file.
    """

    connectome: str = "tvb_data:connectivity_76.zip"
    tract_lengths: str | None = None
    labels: str | None = None
    transpose: bool = False
    regions: tuple[str, ...] | None = None
    symmetric: Literal["none", "mean", "max"] = "none"
    threshold: float = 0.0
    density: float | None = None
    logarithm: bool = False
    fallback: Literal["none", "synthetic"] = "none"
    synthetic: SyntheticConnectome = field(default_factory=SyntheticConnectome)
    normalise: Literal["none", "max", "max_row_sum"] = "none"
    self_connections: bool = True
    speed: Annotated[float, Unit("mm/ms")] = 3.0
    coupling: float = 1.0
    coupling_function: Literal["linear", "difference", "sigmoidal"] = "linear"
    coupling_offset: float = 0.0
    sigmoid: Sigmoid = field(default_factory=Sigmoid)
    model: str = "reduced_wong_wang"
    model_parameters: Mapping[str, float | str | tuple[float, ...] | Mapping[str, float]] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    other_models: tuple[OtherModel, ...] = ()
    exchange: tuple[Exchange, ...] = ()
    scheme: Literal["euler", "heun", "heun_held", "rk4", "backward_euler", "tr_bdf2"] = "heun"
    noise: float | Mapping[str, float] = 0.0
    noise_by: Mapping[str, Literal["state", "root"]] = field(default_factory=dict)
    noise_stream: str | None = None
    start: Literal["rest", "model"] = "rest"
    initial: Mapping[str, float | tuple[float, ...] | Mapping[str, float]] = field(default_factory=dict)
    history: History = field(default_factory=History)
    noise_from_step: int = 0
    outside: Literal["tell", "error"] = "tell"
    stimuli: tuple[Stimulus, ...] = ()
    simulate: tuple[str, ...] | None = None
    replaced: Mapping[str, Literal["rate", "coupling"]] = field(default_factory=dict)
    driven: tuple[str, ...] = ()
    folder: Path | None = None
