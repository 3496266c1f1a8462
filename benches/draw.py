#!/usr/bin/env python3
"""Draws findings at random, with the lines round them, for a person to read: is each true, is each useful?

    python3 benches/draw.py --brickgate target/release/brickgate [--each 20] [--seed 1] FOLDER...

Each folder is checked alone, as a repository of its own. By default the rules that are on by default are drawn, so
many of each group; `--select` takes others, `--by rule` draws so many of each rule. The counts come first.
"""

import argparse
import collections
import json
import os
import random
import subprocess

AROUND = 2


def findings(brickgate, folder, select):
    """What is found in one folder, with the folder."""
    command = [brickgate, "check", "--no-baseline", "--output-format", "json-lines", *select, "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    for line in done.stdout.splitlines():
        yield {**json.loads(line), "folder": folder}


def lines(finding):
    """The lines round a finding, its own marked."""
    path = os.path.join(finding["folder"], finding["filename"])
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    row = finding["location"]["row"]
    if finding["filename"].endswith(".ipynb") and finding.get("cell"):
        code = [cell for cell in json.loads(text)["cells"]][finding["cell"] - 1]
        text = "".join(code["source"])
    rows = text.split("\n")
    for number in range(max(1, row - AROUND), min(len(rows), row + AROUND) + 1):
        yield f"   {'>' if number == row else ' '} {number:5} {rows[number - 1][:160]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--brickgate", default="target/release/brickgate")
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--by", choices=["group", "rule"], default="group")
    parser.add_argument("--select")
    given = parser.parse_args()
    brickgate = os.path.abspath(given.brickgate)
    select = ["--select", given.select] if given.select else []
    sorts = collections.defaultdict(list)
    rules = collections.Counter()
    for folder in given.folders:
        for finding in findings(brickgate, folder, select):
            rules[(finding["group"], finding["code"])] += 1
            sorts[finding["group" if given.by == "group" else "code"]].append(finding)
    for (group, rule), count in sorted(rules.items()):
        print(f"{count:7} {group}/{rule}")
    chance = random.Random(given.seed)
    for sort, found in sorted(sorts.items()):
        print(f"\n=== {sort}: {len(found)}")
        for finding in chance.sample(found, min(given.each, len(found))):
            place = f"{os.path.basename(finding['folder'])}: {finding['filename']}:{finding['location']['row']}"
            print(f"\n{place} {finding['severity']} [{finding['code']}]\n   {finding['message']}")
            try:
                print("\n".join(lines(finding)))
            except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
                print(f"   (not shown: {error})")


if __name__ == "__main__":
    main()
