"""Write a connectome in each of the formats that can be read."""

from __future__ import annotations

import bz2
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import scipy.io

from cosim.models.wholebrain.connectome import Connectome
from cosim.models.wholebrain.synthetic import SyntheticConnectome, synthetic


def small(regions: int = 8, seed: int = 3) -> Connectome:
    """A synthetic connectome with everything that can be known of regions, and weights that differ by direction."""
    made = synthetic(SyntheticConnectome(regions=regions, seed=seed))
    draw = np.random.default_rng(seed)
    return Connectome(
        made.origin,
        made.labels,
        made.weights * np.round(draw.random(made.weights.shape) + 0.5, 3),
        made.tract_lengths + np.triu(np.round(draw.random(made.weights.shape), 2)),
        made.centres,
        np.round(draw.normal(size=made.centres.shape), 4),
        np.round(draw.random(len(made)) * 900, 2),
        draw.random(len(made)) < 0.7,
        np.arange(len(made)) < len(made) // 2,
    )


def table(values: np.ndarray, mark: str = " ") -> str:
    return "\n".join(mark.join(repr(float(v)) for v in np.atleast_1d(row)) for row in values) + "\n"


def regions(c: Connectome, mark: str = " ") -> str:
    return "\n".join(mark.join([name, *(repr(float(v)) for v in point)]) for name, point in zip(c.labels, c.centres, strict=True)) + "\n"


def texts(c: Connectome) -> dict[str, str]:
    return {
        "weights.txt": table(c.weights),
        "tract_lengths.txt": table(c.tract_lengths),
        "centres.txt": regions(c),
        "average_orientations.txt": table(c.orientations),
        "areas.txt": table(c.areas),
        "cortical.txt": table(c.cortical),
        "hemispheres.txt": table(c.right),
    }


def as_zip(c: Connectome, folder: Path, inside: str = "", packed: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(folder / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts(c).items():
            if name in packed:
                archive.writestr(f"{inside}{name}.bz2", bz2.compress(text.encode()))
            else:
                archive.writestr(f"{inside}{name}", text)
    return folder / "c.zip"


def as_h5(c: Connectome, folder: Path) -> Path:
    """As `ConnectivityH5` of tvb-framework stores a `Connectivity`: arrays as datasets of the root, scalars as its attributes."""
    with h5py.File(folder / "c.h5", "w") as held:
        for name, values in (
            ("weights", c.weights),
            ("tract_lengths", c.tract_lengths),
            ("centres", c.centres),
            ("region_labels", np.array([label.encode() for label in c.labels])),
            ("orientations", c.orientations),
            ("areas", c.areas),
            ("cortical", c.cortical),
            ("hemispheres", c.right),
        ):
            held.create_dataset(name, data=values)
        held.attrs["number_of_regions"] = len(c)
        held.attrs["undirected"] = False
    return folder / "c.h5"


def as_folder(c: Connectome, folder: Path) -> Path:
    (folder / "c").mkdir()
    for name, text in texts(c).items():
        (folder / "c" / name).write_text(text)
    return folder / "c"


def as_mat(c: Connectome, folder: Path) -> Path:
    cells = np.array([np.array([label]) for label in c.labels], dtype=object)
    held = {"weights": c.weights, "tract_lengths": c.tract_lengths, "centres": c.centres, "region_labels": cells}
    held |= {"orientations": c.orientations, "areas": c.areas, "cortical": c.cortical, "hemispheres": c.right}
    scipy.io.savemat(folder / "c.mat", held, do_compression=True)
    return folder / "c.mat"


def as_npz(c: Connectome, folder: Path) -> Path:
    np.savez(
        folder / "c.npz",
        weights=c.weights,
        tract_lengths=c.tract_lengths,
        centres=c.centres,
        labels=np.array(c.labels),
        orientations=c.orientations,
        areas=c.areas,
        cortical=c.cortical,
        hemispheres=c.right,
    )
    return folder / "c.npz"


def as_bids_net(c: Connectome, folder: Path) -> Path:
    """The folders of BEP034, with the sidecar's `CoordsRows` naming labels and nodes."""
    subject = folder / "sub-01"
    for name in ("net", "coord"):
        (subject / name).mkdir(parents=True)
    (subject / "net/sub-01_desc-dk_weights.tsv").write_text(table(c.weights, "\t"))
    (subject / "net/sub-01_desc-dk_distances.tsv").write_text(table(c.tract_lengths, "\t"))
    coords = ["../coord/sub-01_desc-dk_labels.json", "../coord/sub-01_desc-dk_nodes.json"]
    (subject / "net/sub-01_desc-dk_weights.json").write_text(json.dumps({"CoordsRows": coords, "CoordsColumns": coords}))
    (subject / "coord/sub-01_desc-dk_labels.tsv").write_text("\n".join(c.labels) + "\n")
    (subject / "coord/sub-01_desc-dk_nodes.tsv").write_text(table(c.centres, "\t"))
    (subject / "coord/sub-01_desc-dk_times.tsv").write_text("0.0\n1.0\n")
    return subject


def as_bids_old(c: Connectome, folder: Path) -> Path:
    """BEP017 under its former name, with the centroids that tvb-pipeline-converter writes."""
    for name in ("connectivity", "anat"):
        (folder / "sub-01" / name).mkdir(parents=True)
    for what, values in (("weight", c.weights), ("distance", c.tract_lengths)):
        path = folder / f"sub-01/connectivity/sub-01_desc-{what}_conndata-network_connectivity.tsv"
        path.write_text(table(values, "\t"))
    said = {"description": "weights and distances (mm)", "source_node_info": {"parcellation": "desikan"}}
    (folder / "sub-01/connectivity/sub-01_conndata-network_connectivity.json").write_text(json.dumps(said))
    head = "name\tcentroid-x\tcentroid-y\tcentroid-z\n"
    (folder / "sub-01/anat/sub-01_desc-centroid_morph.tsv").write_text(head + regions(c, "\t"))
    return folder / "sub-01/connectivity/sub-01_desc-weight_conndata-network_connectivity.tsv"


def as_relmat(c: Connectome, folder: Path) -> Path:
    """BEP017 under its present name; the lines of the node indices in another order than the rows of the matrix."""
    said = {"Directed": True, "Weighted": True, "ValidDiagonal": True, "Axes": [{"Name": "row", "NodeFile": "atlas-X_nodeindices.tsv"}]}
    for what, values in (("streamlineCount", c.weights), ("tractLength", c.tract_lengths / 10)):
        (folder / f"atlas-X_meas-{what}_relmat.dense.tsv").write_text(table(values, "\t"))
        unit = {"MeasureUnits": "cm" if what == "tractLength" else "arbitrary"}
        (folder / f"atlas-X_meas-{what}_relmat.json").write_text(json.dumps(said | unit))
    lines = [f"{k}\tatlas-X\t{k}\t{label}" for k, label in enumerate(c.labels)][::-1]
    (folder / "atlas-X_nodeindices.tsv").write_text("\n".join(["matrix_index\tnode_file\tnode_index\tlabel", *lines]) + "\n")
    return folder / "atlas-X_meas-streamlineCount_relmat.dense.tsv"
