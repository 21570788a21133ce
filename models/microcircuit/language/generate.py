"""Write the C sources of translated step functions; ``setup.py`` calls this before it builds the kernels.

It needs nothing but the standard library, so that it can run before the package is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosim.models.microcircuit.language.translate import Translated

FILE = """/* Made from {origin}; change that instead. */
#include "engine.h"

static const char *const mc_states[] = {{{states}}};
static const char *const mc_constants[] = {{{constants}}};
static const char *const mc_inputs[] = {{{inputs}}};
#define MC_COUNTS {counts}
#define MC_IS_RANDOM {random}
#define MC_KERNEL mc_kernel_{name}
#define MC_KERNEL_NAME "{name}"
#define MC_STEP "{name}.step.h"
#include "stepper.h"
"""


def generate(steps: Sequence[Translated], out: Path) -> list[Path]:
    """Write two files for each step function and a list of them all; return the sources to compile.

    Files that would not change are left alone, so that nothing is compiled anew.
    """
    out.mkdir(parents=True, exist_ok=True)
    sources = []
    for step in steps:
        _write(out / f"{step.name}.step.h", step.code)
        sources.append(out / f"{step.name}.c")
        _write(sources[-1], _source(step))
    declared = "".join(f"extern const mc_kernel mc_kernel_{step.name};\n" for step in steps)
    listed = ", ".join(f"&mc_kernel_{step.name}" for step in steps)
    _write(out / "kernels.h", f"{declared}static const mc_kernel *const mc_kernels[] = {{{listed}, 0}};\n")
    return sources


def _source(step: Translated) -> str:
    named = (step.states, step.constants, step.inputs)
    lists = [", ".join(f'"{name}"' for name in names) or "0" for names in named]
    return FILE.format(origin=step.origin, states=lists[0], constants=lists[1], inputs=lists[2], random=int(step.is_random),
                       counts=", ".join(str(len(names)) for names in named), name=step.name)


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
