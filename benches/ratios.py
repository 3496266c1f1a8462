#!/usr/bin/env python3
"""Prints how `brickgate check` compares with ruff and with the floor, in one run.

    cargo build --release && cargo bench --no-run --bench floor
    pip install ruff
    python3 benches/ratios.py FOLDER [--rounds 15]

The floor (`benches/floor.rs`) walks, reads and parses the same Python files in parallel and does nothing
else. Commands take turns, so that whatever else the machine does hits all of them; CPU is user plus system
time of the whole process, wall is what a person waits. Medians and minima are printed, and the ratios of both.
"""

import argparse
import glob
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(HERE, "target"))


def once(command, stdin=None):
    """Runs a command with its output thrown away; gives (wall, cpu) in milliseconds."""
    start = time.perf_counter()
    feed = open(stdin, "rb") if stdin else subprocess.DEVNULL
    child = subprocess.Popen(command, stdin=feed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    wall = time.perf_counter() - start
    if stdin:
        feed.close()
    return wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def measure(commands, rounds):
    """Runs all commands in turn; gives name -> (wall min, wall median, cpu min, cpu median)."""
    times = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, (command, stdin) in commands.items():
            result = once(command, stdin)
            if turn:  # the first round warms the caches
                times[name].append(result)
    rows = {}
    for name, results in times.items():
        walls, cpus = zip(*results)
        rows[name] = (min(walls), statistics.median(walls), min(cpus), statistics.median(cpus))
    return rows


def table(title, rows, base):
    print(f"\n{title}")
    print(f"  {'':34}{'wall min':>10}{'median':>9}{'CPU min':>10}{'median':>9}   against {base}: wall, CPU")
    for name, row in rows.items():
        ratio_wall, ratio_cpu = row[1] / rows[base][1], row[3] / max(rows[base][3], 0.01)
        print(f"  {name:34}{row[0]:8.1f}ms{row[1]:7.1f}ms{row[2]:8.1f}ms{row[3]:7.1f}ms   {ratio_wall:5.2f}x {ratio_cpu:5.2f}x")


def newest(pattern):
    found = [path for path in glob.glob(pattern) if os.access(path, os.X_OK) and not path.endswith(".d")]
    return max(found, key=os.path.getmtime, default=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--ruff", default=shutil.which("ruff"))
    options = parser.parse_args()

    brickgate = os.path.join(TARGET, "release", "brickgate")
    floor = newest(os.path.join(TARGET, "release", "deps", "floor-*"))
    if not os.path.exists(brickgate) or not floor:
        sys.exit("build first: cargo build --release && cargo bench --no-run --bench floor")

    repository = {
        "brickgate check": ([brickgate, "check", "--isolated", "--exit-zero", options.folder], None),
        "walk + read + parse": ([floor, options.folder], None),
    }
    if options.ruff:
        repository["ruff check --select E,F,W"] = (
            [options.ruff, "check", "--select", "E,F,W", "--no-cache", "--isolated", "--exit-zero", options.folder],
            None,
        )
    rows = measure(repository, options.rounds)
    table(f"whole repository: {options.folder}", rows, "walk + read + parse")
    if options.ruff:
        table("the same", rows, "ruff check --select E,F,W")

    notebooks = []
    for folder, _, names in os.walk(options.folder):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".py") and open(path, "rb").read(28) == b"# Databricks notebook source":
                notebooks.append((os.path.getsize(path), path))
    if notebooks:
        notebooks.sort()
        path = notebooks[len(notebooks) // 2][1]
        inside = os.path.relpath(path, options.folder)
        single = {
            "brickgate check - (one notebook)": (
                ["env", "-C", options.folder, brickgate, "check", "--exit-zero", "--stdin-filename", inside, "-"],
                path,
            ),
            "bare start": (["env", "-C", options.folder, floor, "--start"], None),
        }
        table(f"one notebook through stdin: {inside}", measure(single, options.rounds * 2), "bare start")


if __name__ == "__main__":
    main()
