"""Holds `brickgate format` against `ruff format` and against its own laws, over folders of real repositories.

    python3 benches/parity.py --brickgate target/release/brickgate --ruff ruff FOLDER...

For each folder below the given ones, which is copied first:

- every module and every cell of an `.ipynb` that ruff formats comes out byte for byte the same, once with both tools'
  defaults and once with the settings of the repository
- a second run changes nothing
- every cell that CPython parses has the same syntax tree before and after, but for whitespace in docstrings
- the number, kinds and titles of the cells of source notebooks, and the bytes of their other cells, stay the same

With `--everything` the same laws are held with all that is off by default: SQL, whose tokens must stay the same but for
blanks and the case of words, and the stripping of `.ipynb`, which may take away only what `docs/formatting.md` lists.
Nothing is held against ruff then. It needs a build with the feature `sql`.

Prints what differs, and the counts. Exit code 1 if anything differs.
"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

warnings.simplefilter("ignore")

WANTED = {".py", ".ipynb", ".toml", ".sql", ".scala", ".r"}
COMMENTS = {".py": "#", ".r": "#", ".sql": "--", ".scala": "//"}
EVERYTHING = '[format]\nsql = true\nipynb = "strip"\n'
# What stripping may take out of the metadata of cells and notebooks, by its last key.
CHURN = {"cellMetadata", "startTime", "submitTime", "finishTime", "collapsed", "ExecuteTime", "execution", "scrolled"}
CHURN |= {"notebookName", "notebookOrigID", "mostRecentlyExecutedCommandWithImplicitDF", "computePreferences"}
CHURN |= {"application/vnd.jupyter.widget-state+json"}
SQL = re.compile(
    r"""(?P<exact>--[^\n]*|/\*.*?\*/|[rR]?'(?:\\.|''|[^'\\])*'|[rR]?"(?:\\.|""|[^"\\])*"|`[^`]*`|(?<=[.:])\w+)|(?P<blank>\s+)|(?P<word>\w+|.)""",
    re.DOTALL,
)
counts: Counter = Counter()
wrong: list[str] = []


def copy(source: Path, target: Path, settings: bool) -> None:
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if name != ".git"]
        for name in files:
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file():
                continue
            keep = path.suffix.lower() in WANTED - {".toml"} or (
                settings and (path.suffix == ".toml" or name == ".gitattributes")
            )
            if keep:
                to = target / path.relative_to(source)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)


def header(path: Path, text: str) -> bool:
    comment = COMMENTS.get(path.suffix.lower())
    return bool(comment) and text.split("\n", 1)[0].rstrip("\r") == f"{comment} Databricks notebook source"


def cells(path: Path, text: str) -> list[str]:
    """The cells of a source notebook, without the blank lines around them."""
    comment = COMMENTS[path.suffix.lower()]
    text = text.replace("\r\n", "\n")
    body = text.split("\n", 1)[1] if "\n" in text else ""
    parts = re.split(rf"(?m)^{re.escape(comment)} COMMAND ----------$", body)
    return [re.sub(r"\A(?:[ \t\f]*\n)+|\s+\Z", "", part) for part in parts]


def tree(code: str) -> str | None:
    try:
        root = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(root):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = "\n".join(line.strip() for line in node.value.value.splitlines()).strip()
        if isinstance(node, ast.Delete) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Tuple):
            node.targets = node.targets[0].elts
    return ast.dump(root)


def same_tree(place: str, before: str, after: str) -> None:
    old = tree(before)
    if old is None:
        counts["pieces that CPython does not parse"] += 1
    elif old != tree(after):
        wrong.append(f"{place}: another syntax tree")
    else:
        counts["pieces with the same tree"] += 1


def same_sql(place: str, before: str, after: str) -> None:
    counts["pieces of SQL"] += 1
    counts["pieces of SQL that changed"] += before != after
    old, new = (
        [match["exact"].rstrip() if match["exact"] else match["word"].casefold() for match in SQL.finditer(text) if not match["blank"]]
        for text in (before, after)
    )
    if old != new:
        first = next((pair for pair in zip(old, new) if pair[0] != pair[1]), (len(old), len(new)))
        wrong.append(f"{place}: other tokens of SQL: {first}")


def without_churn(value: object) -> object:
    """JSON without what stripping may take away. What is left must be the same before and after."""
    if isinstance(value, list):
        return [without_churn(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: without_churn(item) for key, item in value.items() if key not in CHURN}
    if "cell_type" in kept:
        tags = value.get("metadata", {}).get("tags") or []
        if "keep_output" not in tags:
            kept.pop("outputs", None)
            kept.pop("execution_count", None)
        kept.pop("source", None)
    # What holds nothing any more may be gone itself.
    return {key: item for key, item in kept.items() if item not in ({}, [])}


def compare_stripped(place: str, before: str, after: str) -> None:
    old, new = json.loads(before), json.loads(after)
    if without_churn(old) != without_churn(new):
        wrong.append(f"{place}: stripping took more than it may")
    for cell in new["cells"]:
        outputs = cell.get("outputs")
        if outputs and "keep_output" not in (cell.get("metadata", {}).get("tags") or []):
            counts["cells with outputs after stripping"] += 1
    counts["cells with outputs before"] += sum(bool(cell.get("outputs")) for cell in old["cells"])


def unprefixed(comment: str, cell: str) -> str:
    """The text of a magic cell without its prefixes, title and magic."""
    lines = [line for line in cell.splitlines() if not line.startswith(f"{comment} DBTITLE")]
    text = "\n".join(re.sub(rf"\A{re.escape(comment)} MAGIC ?", "", line) for line in lines)
    return re.sub(r"\A\s*%sql\b", "", text)


def sources(path: Path) -> list[str] | None:
    try:
        notebook = json.loads(path.read_text("utf-8"))
        return ["".join(cell.get("source", "")) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError):
        return None


def compare_notebook(place: str, path: Path, before: str, after: str, sql: bool = False) -> None:
    counts["source notebooks"] += 1
    old, new = cells(path, before), cells(path, after)
    if len(old) != len(new):
        wrong.append(f"{place}: {len(old)} cells became {len(new)}")
        return
    comment = COMMENTS[path.suffix.lower()]
    blank = re.compile(rf"(?m)^({re.escape(comment)} MAGIC)[ \t]+$")
    for number, (one, two) in enumerate(zip(old, new), 1):
        here = f"{place}: cell {number}"
        titles = [re.match(rf"{re.escape(comment)} DBTITLE \d+,.*", cell) for cell in (one, two)]
        if [title and title.group() for title in titles] != [titles[0] and titles[0].group()] * 2:
            wrong.append(f"{here}: another title")
        first = next((line for line in one.splitlines() if line.strip() and "DBTITLE" not in line), "")
        magic = re.match(rf"{re.escape(comment)} ?MAGIC\s+%+([\w-]+)", first)
        # A cell that starts with a bare magic was exported by another tool, and is in whatever language that says.
        bare = "MAGIC" in first or first.lstrip().startswith("%")
        is_sql = magic.group(1) == "sql" if magic else path.suffix.lower() == ".sql" and not bare
        if sql and is_sql:
            same_sql(here, unprefixed(comment, one), unprefixed(comment, two))
        elif magic and magic.group(1) in {"md", "md-sandbox", "sql", "sh", "fs", "scala", "r", "run", "skip", "bash"}:
            if blank.sub(r"\1", one) != blank.sub(r"\1", two):
                wrong.append(f"{here}: the text of a %{magic.group(1)} cell changed")
            counts["cells that must not change"] += 1
        elif path.suffix.lower() == ".py" and not magic:
            same_tree(here, one, two)


def compare(folder: Path, args: argparse.Namespace, settings: bool) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        before, ours, theirs = (Path(scratch, name) for name in ("before", "ours", "theirs"))
        copy(folder, before, settings)
        if not before.exists():
            return
        for target in (ours, theirs):
            shutil.copytree(before, target)
        alone = [] if settings else ["--isolated"]
        # No link files, no git: nothing but the settings decides which files are read.
        done = run(args.brickgate, "format", *alone, cwd=ours)
        if done.returncode not in (0, 2) or "panic" in done.stderr or "fault of brickgate" in done.stderr:
            wrong.append(f"{folder.name}: exit {done.returncode}: {done.stderr[-600:]}")
        again = run(args.brickgate, "format", "--check", *alone, cwd=ours)
        wrong.extend(f"{folder.name}: second run: {line}" for line in again.stdout.splitlines() if "reformat" in line)
        ruff = run(args.ruff, "format", "--no-cache", *alone, cwd=theirs)
        if settings and ("Failed to parse" not in ruff.stderr) and ruff.returncode and "error" not in ruff.stderr:
            print(f"note: {folder.name}: ruff: {ruff.stderr.strip()[:200]}")
        refused = ruff.stderr
        # Without settings of ruff's, black's count, which ruff knows nothing of.
        black = settings and any("[tool.black]" in path.read_text("utf-8", "replace") for path in before.rglob("pyproject.toml"))
        for path in sorted(before.rglob("*")):
            if path.suffix.lower() not in COMMENTS and path.suffix != ".ipynb":
                continue
            name = path.relative_to(before)
            place = f"{folder.name}/{name}"
            raw = [root.joinpath(name).read_bytes() for root in (before, ours, theirs)]
            try:
                texts = [data.decode("utf-8") for data in raw]
            except UnicodeDecodeError:
                counts["files that are not UTF-8"] += 1
                continue
            parsed_by_ruff = f"{name}:" not in refused and f"{name} " not in refused and not black
            if "build" in name.parts:
                continue  # left out by brickgate's own defaults
            if path.suffix == ".ipynb":
                lists = [sources(root / name) for root in (before, ours, theirs)]
                if lists[0] is None or lists[1] is None:
                    continue
                counts[".ipynb"] += 1
                for number, (one, two) in enumerate(zip(lists[0], lists[1]), 1):
                    same_tree(f"{place}: cell {number}", one, two)
                if parsed_by_ruff and lists[2] is not None:
                    counts[".ipynb that ruff reads"] += 1
                    for number, (mine, ruffs) in enumerate(zip(lists[1], lists[2]), 1):
                        counts["cells of .ipynb"] += 1
                        if mine != ruffs and not mine.lstrip().startswith("%skip"):
                            wrong.append(f"{place}: cell {number} differs from ruff's")
            elif header(path, texts[0]):
                compare_notebook(place, path, texts[0], texts[1])
            elif path.suffix.lower() == ".py":
                counts["modules"] += 1
                same_tree(place, texts[0], texts[1])
                if parsed_by_ruff:
                    counts["modules that ruff reads"] += 1
                    # A comment that formatting would make a header: ruff makes a notebook of it.
                    if raw[1] != raw[2] and not header(path, texts[2]):
                        wrong.append(f"{place}: differs from ruff's")


def compare_everything(folder: Path, args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        before, ours, settings = (Path(scratch, name) for name in ("before", "ours", "settings.toml"))
        settings.write_text(EVERYTHING)
        copy(folder, before, False)
        if not before.exists():
            return
        shutil.copytree(before, ours)
        done = run(args.brickgate, "format", "--config", settings, cwd=ours)
        if done.returncode not in (0, 2) or "panic" in done.stderr or "fault of brickgate" in done.stderr:
            wrong.append(f"{folder.name}: exit {done.returncode}: {done.stderr[-600:]}")
        again = run(args.brickgate, "format", "--check", "--config", settings, cwd=ours)
        wrong.extend(f"{folder.name}: second run: {line}" for line in again.stdout.splitlines() if "reformat" in line)
        for path in sorted(before.rglob("*")):
            if path.suffix.lower() not in COMMENTS and path.suffix != ".ipynb":
                continue
            name = path.relative_to(before)
            place = f"{folder.name}/{name}"
            try:
                old, new = (root.joinpath(name).read_bytes().decode("utf-8") for root in (before, ours))
            except UnicodeDecodeError:
                counts["files that are not UTF-8"] += 1
                continue
            if path.suffix == ".ipynb":
                lists = [sources(root / name) for root in (before, ours)]
                if lists[0] is None:
                    continue
                counts[".ipynb"] += 1
                if lists[1] is None or len(lists[0]) != len(lists[1]):
                    wrong.append(f"{place}: other cells")
                    continue
                compare_stripped(place, old, new)
                for number, (one, two) in enumerate(zip(*lists), 1):
                    if re.match(r"\s*%sql\b", one):
                        same_sql(f"{place}: cell {number}", one, two)
                    else:
                        same_tree(f"{place}: cell {number}", one, two)
            elif header(path, old):
                compare_notebook(place, path, old, new, sql=True)
            elif path.suffix.lower() == ".sql":
                same_sql(place, old, new)
            elif path.suffix.lower() == ".py":
                counts["modules"] += 1
                same_tree(place, old, new)


def show(title: str) -> None:
    print(title)
    for name, count in sorted(counts.items()):
        print(f"  {count:7} {name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--brickgate", default="target/release/brickgate")
    parser.add_argument("--ruff", default="ruff")
    parser.add_argument("--everything", action="store_true", help="with SQL and stripping, which are off by default")
    parser.add_argument("folders", nargs="+", type=Path)
    args = parser.parse_args()
    args.brickgate = Path(args.brickgate).resolve()
    args.ruff = shutil.which(args.ruff)
    folders = [folder for parent in args.folders for folder in sorted(parent.iterdir()) if folder.is_dir()]
    if args.everything:
        for folder in folders:
            compare_everything(folder, args)
        show("everything")
    for settings in () if args.everything else (False, True):
        counts.clear()
        for folder in folders:
            compare(folder, args, settings)
        show("settings of the repositories" if settings else "defaults")
    print(f"{len(wrong)} differences")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
