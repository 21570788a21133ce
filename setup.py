"""Map the folders to one package and build every kernel; all Cython directives stand here."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

FOLDERS = {"cosim": "cosim", "cosim.adapters": "adapters", "cosim.models": "models", "cosim.launch": "launch"}
HERE = Path(__file__).parent
NEURONS = Path("build/neurons")
REGIONS = Path("build/mean_fields")
ONLY = os.environ.get("COSIM_BUILD_ONLY", "")
CHECKED = os.environ.get("COSIM_CHECK_BOUNDS") == "1"


def packages() -> list[str]:
    """Name every package in the mapped folders."""
    found = []
    for name, folder in FOLDERS.items():
        found += [name] + [f"{name}.{p}" for p in find_packages(folder)]
    return found


def unbuilt() -> None:
    """Let ``import cosim`` find what needs nothing but the standard library, as nothing is built yet: the translators of models."""
    package = ModuleType("cosim")
    package.__path__ = [str(HERE / "cosim"), str(HERE)]
    sys.modules["cosim"] = package


def neurons() -> list[str]:
    """Translate the neuron models into C; return the sources that the engine is linked with."""
    from cosim.models.microcircuit.language.generate import generate  # noqa: PLC0415 (found by `unbuilt`)
    from cosim.models.microcircuit.language.translate import translate  # noqa: PLC0415 (as above)

    models = sorted(p for p in Path("models/microcircuit/neurons").glob("*.py") if p.stem != "__init__")
    return [str(source) for source in generate([step for path in models for step in translate(path)], NEURONS)]


def mean_fields() -> list[str]:
    """Translate the mean-field models into C; return the sources that their engine is linked with."""
    from cosim.models.wholebrain.dynamics import model, names  # noqa: PLC0415 (found by `unbuilt`)
    from cosim.models.wholebrain.language.generate import generate  # noqa: PLC0415 (as above)
    from cosim.models.wholebrain.language.translate import translate  # noqa: PLC0415 (as above)

    models = [model(name) for name in names()]
    folder = Path("models/wholebrain/dynamics")
    translated = [translate(folder / f"{m.name}.py", m.variables, tuple(r.name for r in m.receives), tuple(i.name for i in m.inputs))
                  for m in models]
    sends = {m.name: tuple(s.name for s in m.sends) for m in models}
    return [str(source) for source in generate(translated, sends, {m.name: m.variables for m in models}, REGIONS)]


def extensions() -> list[Extension]:
    """Make one extension of every .pyx; headers and .pxd files that are shared stand in cosim/."""
    found = []
    more = {"cosim.models.microcircuit.kernel._engine": neurons(), "cosim.models.wholebrain.kernel._engine": mean_fields()}
    for name, folder in FOLDERS.items():
        for source in sorted(Path(folder).rglob("*.pyx")):
            if ONLY and ONLY not in str(source):
                continue
            module = ".".join([name, *source.relative_to(folder).with_suffix("").parts])
            depends = [str(h) for h in [*Path("cosim").glob("*.h"), *source.parent.rglob("*.h"), *source.parent.rglob("*.pxi")]]
            depends += [str(h) for folder in (NEURONS, REGIONS) for h in folder.glob("*.h")] if module in more else []
            found.append(Extension(module, [str(source), *more.get(module, [])], depends=depends,
                                   include_dirs=["cosim", str(source.parent), str(NEURONS), str(REGIONS)],
                                   extra_compile_args=["-O3", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
                                                       "-Wno-unreachable-code", "-MMD", "-g0"]))
    return found


class Build(build_ext):
    """Compile the sources of an extension side by side, and only those of which something has changed."""

    def finalize_options(self) -> None:
        """Keep objects where the next build finds them: pip would build in a temporary folder, and so everything anew each time."""
        super().finalize_options()
        self.build_temp = str(Path("build", f"objects.{sys.implementation.cache_tag}{'.checked' if CHECKED else ''}"))

    def build_extension(self, ext: Extension) -> None:
        """Compile and link one extension."""
        compile_some = self.compiler.compile

        def compile_all(sources: list[str], output_dir: str, **more: Any) -> list[str]:
            def compile_one(source: str) -> list[str]:
                [made] = self.compiler.object_filenames([source], output_dir=output_dir)
                return [made] if is_fresh(Path(made)) else compile_some([source], output_dir=output_dir, **more)

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                return [made for part in pool.map(compile_one, sources) for made in part]

        self.compiler.compile = compile_all
        try:
            super().build_extension(ext)
        finally:
            self.compiler.compile = compile_some


def is_fresh(made: Path) -> bool:
    """Return whether an object is newer than all that it is made from, which the compiler has listed beside it (-MMD)."""
    listed = made.with_suffix(".d")
    if not made.exists() or not listed.exists():
        return False
    parts = [Path("setup.py"), *map(Path, listed.read_text().partition(":")[2].replace("\\\n", " ").split())]
    return all(part.exists() and part.stat().st_mtime < made.stat().st_mtime for part in parts)


os.chdir(HERE)
unbuilt()
setup(
    package_dir=FOLDERS,
    cmdclass={"build_ext": Build},
    packages=packages(),
    ext_modules=cythonize(extensions(), build_dir="build/cython", include_path=["."], nthreads=os.cpu_count() or 1, compiler_directives={
        "language_level": "3", "boundscheck": CHECKED, "wraparound": CHECKED, "initializedcheck": CHECKED, "cdivision": not CHECKED,
        "embedsignature": True}),
)
