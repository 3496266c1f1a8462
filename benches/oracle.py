#!/usr/bin/env python3
"""Compares the rules about names with ruff's, finding by finding, on plain Python modules.

    cargo build --release
    pip install ruff==0.16.4
    python3 benches/oracle.py FOLDER... [--ruff PATH] [--brickgate PATH] [--all]

On notebooks the two must differ: ruff does not know what `%run` brings. On plain modules they look at the same
thing, and ruff is the oracle. Every file with a notebook's header is left out, and so is what either tool does not
analyse: files that do not parse, are no UTF-8, or are larger than the limit. Use the ruff whose parser we have
(see `Cargo.toml`).

A finding is a rule at a line. Printed are, by rule, how many findings both have, how many only one has, and the
share of both in all of them; then every difference. `docs/limits.md` gives the reason of each kind.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(HERE, "target"))
RULES = {
    "undefined-name": "F821",
    "used-before-definition": "F821",
    "unused-import": "F401",
    "unused-variable": "F841",
    "redefined-before-use": "F811",
}
CODES = sorted(set(RULES.values()))
LIMIT = 10_000_000
# Databricks gives these to files that a pipeline or job runs, which ruff cannot know.
GIVEN = {"spark", "sc", "dbutils", "sqlContext", "display", "displayHTML", "table", "sql", "udf", "getArgument"}
HEADER = b"# Databricks notebook source"


def modules(folder):
    """The plain modules under a folder, as paths relative to it."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__", ".venv", "node_modules"))
        for name in sorted(files):
            path = os.path.join(root, name)
            if not name.endswith(".py") or os.path.islink(path) or os.path.getsize(path) > LIMIT:
                continue
            with open(path, "rb") as file:
                text = file.read()
            if text.startswith(HEADER) or b"\0" in text:
                continue
            try:
                text.decode("utf-8")
            except UnicodeDecodeError:
                continue
            yield os.path.relpath(path, folder)


def ask_ruff(ruff, folder, files):
    """Findings by (file, code, row), and the files that do not parse."""
    found, broken = collections.defaultdict(list), set()
    for at in range(0, len(files), 500):
        command = [ruff, "check", "--isolated", "--no-cache", "--exit-zero", "--target-version", "py313", "--select", ",".join(CODES)]
        command += ["--output-format", "json", "--", *files[at : at + 500]]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"ruff failed on {folder}: {done.stderr}")
        for row in json.loads(done.stdout):
            file = os.path.relpath(row["filename"], folder)
            if row["code"] in CODES:
                found[file, row["code"], row["location"]["row"]].append(row["message"])
            else:
                broken.add(file)
    return found, broken


def ask_brickgate(brickgate, rules, folder):
    """Findings of the whole folder by (file, code, row), and the files that were not analysed."""
    found, broken = collections.defaultdict(list), set()
    command = [brickgate, "check", "--isolated", "--exit-zero", "--select", ",".join([*rules, "syntax-error"])]
    command += ["--output-format", "json", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if not done.stdout:
        sys.exit(f"brickgate failed on {folder}: {done.stderr}")
    for row in json.loads(done.stdout):
        if row["code"] in RULES:
            found[row["filename"], RULES[row["code"]], row["location"]["row"]].append(row["message"])
        else:
            broken.add(row["filename"])
    return found, broken


def name_in(message):
    """The first thing in backticks."""
    return (message.split("`") + [""])[1]


def root_of(folder):
    """The repository around a folder: paths in findings are from there."""
    at = os.path.abspath(folder)
    while not os.path.exists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return os.path.abspath(folder)
        at = above
    return at


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", help="repositories")
    parser.add_argument("--ruff", default="ruff")
    parser.add_argument("--brickgate", default=os.path.join(TARGET, "release", "brickgate"))
    parser.add_argument("--all", action="store_true", help="print findings that both have, too")
    options = parser.parse_args()
    version = subprocess.run([options.ruff, "--version"], capture_output=True, text=True).stdout.strip()
    listed = subprocess.run([options.brickgate, "rules"], capture_output=True, text=True).stdout
    rules = [rule for rule in RULES if re.search(rf"\b{rule}\b", listed)]
    both, ours, theirs = collections.Counter(), collections.Counter(), collections.Counter()
    looked_at = given = 0
    differences = []
    for folder in options.folders:
        folder = root_of(folder)
        files = set(modules(folder))
        expected, broken = ask_ruff(options.ruff, folder, sorted(files))
        actual, refused = ask_brickgate(options.brickgate, rules, folder)
        files -= broken | refused
        looked_at += len(files)
        for key in sorted(set(expected) | set(actual)):
            file, code, row = key
            if file not in files:
                continue
            one, two = expected.get(key, []), actual.get(key, [])
            if code == "F821" and not two:
                known = [message for message in one if name_in(message) in GIVEN]
                given += len(known)
                one = [message for message in one if message not in known]
            both[code] += min(len(one), len(two))
            theirs[code] += max(0, len(one) - len(two))
            ours[code] += max(0, len(two) - len(one))
            place = f"{os.path.basename(folder)}/{file}:{row}"
            if len(one) > len(two):
                differences.append(f"{place}: {code}: only ruff: {'; '.join(one)}")
            elif len(two) > len(one):
                differences.append(f"{place}: {code}: only brickgate: {'; '.join(two)}")
            elif options.all:
                differences.append(f"{place}: {code}: both: {'; '.join(two)}")
    print("\n".join(differences))
    print(f"\n{version}, {looked_at} modules, rules: {', '.join(rules)}\n")
    print(f"{'':8}{'both':>8}{'only ruff':>12}{'only brickgate':>16}{'agreement':>11}")
    for code in [*CODES, "all"]:
        picked = CODES if code == "all" else [code]
        counts = [sum(counter[one] for one in picked) for counter in (both, theirs, ours)]
        share = 100 * counts[0] / max(1, sum(counts))
        print(f"{code:8}{counts[0]:8}{counts[1]:12}{counts[2]:16}{share:10.2f}%")
    print(f"\nLeft out: {given} names that Databricks gives to files which are run, and ruff calls undefined.")


if __name__ == "__main__":
    main()
