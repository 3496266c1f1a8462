"""CPU seconds of `brickgate format --check` against `ruff format --check`, in turns, on the files that both read.

    python3 benches/cpu.py --brickgate target/release/brickgate --ruff ruff FOLDER

Copies the modules and notebooks of the folder that ruff can parse, runs both a few times with their defaults, and prints
the least of user and system time of each, and the same for one notebook of 1,000 lines on standard input.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path


def cpu(command: list[str], cwd: Path, stdin: bytes = b"") -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, cwd=cwd, input=stdin, capture_output=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--brickgate", default="target/release/brickgate")
    parser.add_argument("--ruff", default="ruff")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    ours = str(Path(args.brickgate).resolve())
    ruff = shutil.which(args.ruff)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        for folder, folders, files in os.walk(args.folder):
            folders[:] = [name for name in folders if name != ".git"]
            for name in files:
                path = Path(folder, name)
                if path.suffix == ".py" and path.is_file() and not path.is_symlink():
                    to = work / path.relative_to(args.folder)
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, to)
        theirs = [ruff, "format", "--isolated", "--no-cache", "--check", "-q", "--output-format", "concise"]
        said = subprocess.run([*theirs, "."], cwd=work, capture_output=True, text=True)
        for line in (said.stdout + said.stderr).splitlines():
            place = re.match(r"(.+?\.py):(\d+:| io:)", line)
            if place and "unformatted" not in line:
                work.joinpath(place.group(1)).unlink(missing_ok=True)
        count = sum(1 for _ in work.rglob("*.py"))
        times: dict[str, list[tuple[float, float]]] = {"ruff": [], "brickgate": []}
        for _ in range(args.rounds):
            times["ruff"].append(cpu([*theirs, "."], work))
            times["brickgate"].append(cpu([ours, "format", "--isolated", "--check", "-q", "."], work))
        report(f"{count} files, --check", times)
        cell = "def f(a, b):\n    x = [a,b, {'k': a+b}]\n    return spark.table('t').where(x == 1).select('a', 'b')\n"
        notebook = "# Databricks notebook source\n" + "\n# COMMAND ----------\n\n".join([cell * 3 + "f(1,2)\n"] * 72)
        print(len(notebook.splitlines()), "lines on standard input")
        times = {"ruff": [], "brickgate": []}
        for _ in range(args.rounds * 5):
            name = ["--stdin-filename", "n.py", "-"]
            times["ruff"].append(cpu([ruff, "format", "--isolated", *name], work, notebook.encode()))
            times["brickgate"].append(cpu([ours, "format", "--isolated", *name], work, notebook.encode()))
        report("one notebook", times)


def report(what: str, times: dict[str, list[tuple[float, float]]]) -> None:
    least = {name: [min(values) for values in zip(*runs)] for name, runs in times.items()}
    for name, (used, wall) in least.items():
        print(f"{what}: {name:9} {used * 1000:8.1f} ms CPU {wall * 1000:8.1f} ms")
    ratios = [mine / other for mine, other in zip(least["brickgate"], least["ruff"])]
    print(f"{what}: ratio     {ratios[0]:8.2f}        {ratios[1]:8.2f}")


if __name__ == "__main__":
    main()
