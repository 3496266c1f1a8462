#!/usr/bin/env python3
"""Breaks notebooks on purpose, one name at a time, and counts how often a names rule says so at the right line.

    cargo build --release
    python3 benches/mutations.py [FOLDER] [--tries 100] [--seed 1] [--misses]

FOLDER holds repositories, one in each folder below it; without it a repository is made up. Every try takes one
notebook that is connected to others by `%run`, changes one thing (KINDS below) so that one name is surely missing
at one known place, and runs `brickgate check`. What is changed and what must be found is decided here, with
Python's own parser and a `%run` resolver of a few lines, so that the tool is not asked about itself.

A try is `dark` if something out of sight may bring the name as well: a `%run` that leads nowhere, a star import
from outside, `exec`. There the tool has to stay silent; the share is printed. Exit code 1 if fewer than 98 of 100
of the others are found.
"""

import argparse
import ast
import builtins
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(HERE, "target"))
HEADER = "# Databricks notebook source"
SEPARATOR = "# COMMAND ----------"
KNOWN_STARS = {"pyspark.sql.functions", "pyspark.sql.types", "pyspark.sql", "pyspark.sql.window", "delta.tables"}
PLATFORM = set(dir(builtins)) | {
    "spark", "sc", "dbutils", "display", "displayHTML", "sqlContext", "sql", "table", "udf", "getArgument", "_sqldf",
    "In", "Out", "_", "get_ipython", "__file__", "__name__",
}
EXTENSIONS = (".py", ".sql", ".scala", ".r", ".ipynb")
CASES = {}


class Cell:
    """One cell: where its lines are, what it runs, its tree if it is Python."""

    def __init__(self, start, lines):
        self.start, self.lines = start, lines
        self.run = self.tree = None
        self.broken = False
        body = [line for line in lines if line.strip() and not line.startswith("# DBTITLE")]
        code = [line for line in body if not line.startswith("# MAGIC")]
        if body and not code:
            found = re.match(r"# MAGIC\s+%run\s+(\S.*)", body[0])
            self.run = found.group(1) if found else None
            # Python behind `# MAGIC` is left out of the game.
            self.broken = not found and not re.match(r"# MAGIC\s+%(sql|md|md-sandbox|sh|fs|scala|r|pip)\b", body[0])
        elif code and re.match(r"\s*%(?!%?(pip|matplotlib|load_ext))", code[0]):
            found = re.match(r"\s*%run\s+(\S.*)", code[0])
            self.run = found.group(1) if found else None
            self.broken = not found
        elif code:
            text = [re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines]
            try:
                self.tree = ast.parse("\n".join(text) + "\n")
            except (SyntaxError, ValueError):
                self.broken = True


class Notebook:
    """A source notebook, taken apart."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.lines = text.split("\n")
        self.cells, start = [], 1
        for at, line in enumerate(self.lines + [SEPARATOR]):
            if line.rstrip() == SEPARATOR:
                if at > start or not self.cells:
                    self.cells.append(Cell(start, self.lines[start:at]))
                start = at + 1
        self.bindings = collections.defaultdict(list)  # name -> [(line, node, conditional)]
        self.uses = []  # (line, column, name): read when the notebook runs
        self.all_uses = collections.Counter()
        self.dark = any(cell.broken for cell in self.cells)
        self.star = False
        for cell in self.cells:
            if cell.tree:
                self.collect(cell)

    def collect(self, cell):
        shift = cell.start

        def bind(name, node, conditional):
            self.bindings[name].append((node.lineno + shift, node, conditional))

        def visit(node, top, conditional, guarded):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                if top:
                    bind(node.name, node, conditional)
                arguments = getattr(node, "args", None)
                outside = list(node.decorator_list) + (arguments.defaults if arguments else [])
                for child in ast.iter_child_nodes(node):
                    visit(child, top and child in outside, True, guarded)
                return
            if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
                top = False
            if isinstance(node, ast.Global):
                for name in node.names:
                    bind(name, node, True)
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    if alias.name == "*":
                        self.star = True
                        self.dark |= getattr(node, "module", None) not in KNOWN_STARS
                    elif top:
                        bind(alias.asname or alias.name.split(".")[0], node, conditional)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                self.dark |= node.func.id in ("exec", "globals", "locals", "get_ipython")
            if isinstance(node, ast.ExceptHandler) and node.name and top:
                bind(node.name, node, True)
            if isinstance(node, ast.Name):
                if isinstance(node.ctx, ast.Load):
                    self.all_uses[node.id] += 1
                    if top and not guarded:
                        self.uses.append((node.lineno + shift, node.col_offset, node.id))
                else:
                    # Even a local of a function keeps the name out of the game.
                    bind(node.id, node, conditional or not top)
            if isinstance(node, ast.Try):
                guarded = guarded or bool(node.handlers)
            under = conditional or isinstance(node, (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match))
            for child in ast.iter_child_nodes(node):
                visit(child, top, under, guarded)

        for statement in cell.tree.body:
            visit(statement, True, False, False)


class Repository:
    """All notebooks of a folder, and who runs whom."""

    def __init__(self, root):
        self.root, self.files, self.notebooks = root, [], {}
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), root)
                self.files.append(path)
                if name.endswith(".py"):
                    with open(os.path.join(root, path), "rb") as file:
                        data = file.read()
                    if data.startswith(HEADER.encode()) and len(data) < 300_000 and b"\r" not in data:
                        try:
                            self.notebooks[path] = Notebook(path, data.decode())
                        except (UnicodeDecodeError, RecursionError):
                            pass
        self.known = set(self.files)
        self.runs = {path: self.targets(notebook) for path, notebook in self.notebooks.items()}
        self.callers = collections.defaultdict(set)
        for path, targets in self.runs.items():
            for _, target in targets:
                self.callers[target].add(path)

    def targets(self, notebook):
        found = []
        for cell in notebook.cells:
            if cell.run:
                path = re.split(r"\s+\$", cell.run)[0].strip().strip("\"'")
                there = os.path.normpath(os.path.join(os.path.dirname(notebook.path), path))
                there = next((there + end for end in EXTENSIONS if there + end in self.known), None)
                if there not in self.notebooks or not path.startswith("."):
                    notebook.dark = True
                else:
                    found.append((cell, there))
        return found

    def reach(self, path):
        """Everything that a notebook runs, at any depth, with itself."""
        seen, waiting = {path}, [path]
        while waiting:
            for _, target in self.runs.get(waiting.pop(), []):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    def around(self, path):
        """Everything whose names may meet those of a notebook: what its callers of any height run."""
        seen, waiting, found = {path}, [path], set()
        while waiting:
            here = waiting.pop()
            found |= self.reach(here)
            for caller in self.callers[here]:
                if caller not in seen:
                    seen.add(caller)
                    waiting.append(caller)
        return found

    def connected(self, path):
        """All notebooks that hang together with one by `%run`."""
        seen, waiting = {path}, [path]
        while waiting:
            here = waiting.pop()
            for other in [target for _, target in self.runs.get(here, [])] + sorted(self.callers[here]):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return seen

    def binders(self, path, name):
        """All places around a notebook that bind a name: (path, line, node, conditional)."""
        return [
            (other, *row) for other in sorted(self.around(path)) for row in self.notebooks[other].bindings.get(name, [])
        ]

    def has_star(self, path):
        return any(self.notebooks[other].star for other in self.around(path))

    def is_dark(self, path):
        return any(self.notebooks[other].dark for other in self.around(path))

    def restarts(self, path):
        return any("restartPython" in self.notebooks[other].text or "%restart_python" in self.notebooks[other].text
                   for other in self.around(path))


class Mutation:
    """New texts of one file, and where a name must be missed then: `expected` is path, line, name."""

    def __init__(self, path, lines, expected, dark):
        self.path, self.lines, self.expected, self.dark = path, lines, expected, dark


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def without(lines, first, last):
    """Lines without those numbered first to last (1-based)."""
    return lines[: first - 1] + lines[last:]


def first_use(notebook, name, after=0):
    lines = [line for line, _, used in notebook.uses if used == name and line > after]
    return min(lines, default=None)


def definitions(repository, caller):
    """Functions and classes of notebooks that `caller` runs, bound once around it, and used by it at its top."""
    for helper in sorted(repository.reach(caller) - {caller}):
        for name, rows in sorted(repository.notebooks[helper].bindings.items()):
            line, node, conditional = rows[0]
            is_definition = isinstance(node, (ast.FunctionDef, ast.ClassDef))
            if is_definition and not conditional and name not in PLATFORM and len(repository.binders(caller, name)) == 1:
                use = first_use(repository.notebooks[caller], name)
                if use:
                    yield helper, name, line, node, use


def pick(chooser, rows):
    rows = list(rows)
    return chooser.choice(rows) if rows else None


@case
def rename_function_of_helper(repository, path, chooser):
    found = pick(chooser, definitions(repository, path))
    if found:
        helper, name, line, node, use = found
        lines = list(repository.notebooks[helper].lines)
        at = next(at for at in range(line - 1, len(lines)) if re.search(rf"(def|class)\s+{name}\b", lines[at]))
        lines[at] = re.sub(rf"\b{name}\b", f"{name}_renamed", lines[at], count=1)
        return Mutation(helper, lines, (path, use, name), repository.is_dark(path))


@case
def delete_function_of_helper(repository, path, chooser):
    found = pick(chooser, definitions(repository, path))
    if found:
        helper, name, line, node, use = found
        first = min([line] + [line + one.lineno - node.lineno for one in node.decorator_list])
        lines = without(repository.notebooks[helper].lines, first, line + node.end_lineno - node.lineno)
        return Mutation(helper, lines, (path, use, name), repository.is_dark(path))


@case
def remove_import(repository, path, chooser):
    rows = []
    for helper in sorted(repository.reach(path)):
        for name, bindings in sorted(repository.notebooks[helper].bindings.items()):
            line, node, conditional = bindings[0]
            simple = isinstance(node, (ast.Import, ast.ImportFrom)) and len(node.names) == 1 and not conditional
            # A star import of the same module may bring it too.
            simple = simple and not (repository.has_star(path) and (getattr(node, "module", "") or "").startswith("pyspark"))
            if simple and name not in PLATFORM and len(repository.binders(path, name)) == 1:
                use = first_use(repository.notebooks[path], name)
                alone = repository.notebooks[helper].lines[line - 1].lstrip().startswith(("import ", "from "))
                if use and alone and (helper != path or use > line):
                    rows.append((helper, name, line, line + node.end_lineno - node.lineno, use))
    found = pick(chooser, rows)
    if found:
        helper, name, first, last, use = found
        lines = without(repository.notebooks[helper].lines, first, last)
        use -= last - first + 1 if helper == path else 0
        return Mutation(helper, lines, (path, use, name), repository.is_dark(path))


def runs_with_uses(repository, path):
    """`%run`s that alone bring a name which is used below: (cell, name, line of the use)."""
    notebook = repository.notebooks[path]
    targets = repository.runs[path]
    for cell, target in targets:
        inside = repository.reach(target)
        others = set().union(*[repository.reach(other) for one, other in targets if one is not cell], set())
        # Who runs the same notebook before it runs this one brings the names as well.
        elsewhere = repository.around(path) - inside - {path}
        brought = any(there in inside for other in elsewhere for _, there in repository.runs.get(other, []))
        if inside & others or path in inside or brought:
            continue
        for name in sorted({name for helper in inside for name in repository.notebooks[helper].bindings}):
            binders = repository.binders(path, name)
            sure = all(other in inside for other, *_ in binders) and any(not row[3] for row in binders)
            use = first_use(notebook, name)
            if sure and use and use > cell.start and name not in PLATFORM:
                yield cell, name, use


def cell_span(notebook, cell):
    """First and last line (1-based) of a cell with the separator after it."""
    last = cell.start + len(cell.lines)
    return cell.start + 1, last + 1


def earliest(rows, chooser):
    """Of one `%run` the name that is missed first in its cell: a cell has one finding for each name anyway."""
    return pick(chooser, rows)


@case
def remove_run(repository, path, chooser):
    found = pick(chooser, runs_with_uses(repository, path))
    if found:
        cell, name, use = found
        notebook = repository.notebooks[path]
        first, last = cell_span(notebook, cell)
        lines = without(notebook.lines, first, last)
        return Mutation(path, lines, (path, use - (last - first + 1), name), repository.is_dark(path))


@case
def move_run_below_its_use(repository, path, chooser):
    found = pick(chooser, runs_with_uses(repository, path))
    if found:
        cell, name, use = found
        notebook = repository.notebooks[path]
        first, last = cell_span(notebook, cell)
        lines = without(notebook.lines, first, last)
        while lines and not lines[-1].strip():
            lines.pop()
        lines += ["", SEPARATOR, ""] + [line for line in cell.lines if line.strip()]
        return Mutation(path, lines, (path, use - (last - first + 1), name), repository.is_dark(path))


def bound_above(repository, path):
    """Names that are bound once around a notebook, by itself, and read in a later cell: (name, cell of the use, line)."""
    notebook = repository.notebooks[path]
    for name, rows in sorted(notebook.bindings.items()):
        line, node, conditional = rows[0]
        imported = (getattr(node, "module", "") or "").startswith("pyspark") and repository.has_star(path)
        if conditional or name in PLATFORM or imported or len(repository.binders(path, name)) != 1:
            continue
        home = next(cell for cell in reversed(notebook.cells) if cell.start < line)
        use = first_use(notebook, name, home.start + len(home.lines))
        if use:
            there = next(cell for cell in reversed(notebook.cells) if cell.start < use)
            yield name, home, there, use


def insert_cell(notebook, before, code):
    """Lines with a cell put before another, and how many lines that adds."""
    new = ["", *code, "", SEPARATOR]
    return notebook.lines[: before.start] + new + notebook.lines[before.start:], len(new)


@case
def insert_restart(repository, path, chooser):
    found = None if repository.restarts(path) else pick(chooser, bound_above(repository, path))
    if found:
        name, _, there, use = found
        code = chooser.choice([["dbutils.library.restartPython()"], ["# MAGIC %restart_python"]])
        lines, more = insert_cell(repository.notebooks[path], there, code)
        return Mutation(path, lines, (path, use + more, name), repository.is_dark(path))


@case
def insert_del(repository, path, chooser):
    found = pick(chooser, bound_above(repository, path))
    if found:
        name, _, there, use = found
        lines, more = insert_cell(repository.notebooks[path], there, [f"del {name}"])
        return Mutation(path, lines, (path, use + more, name), repository.is_dark(path))


@case
def delete_cell_that_binds(repository, path, chooser):
    found = pick(chooser, bound_above(repository, path))
    if found:
        name, home, _, use = found
        notebook = repository.notebooks[path]
        first, last = cell_span(notebook, home)
        lines = without(notebook.lines, first, last)
        return Mutation(path, lines, (path, use - (last - first + 1), name), repository.is_dark(path))


@case
def move_cell_that_binds_below(repository, path, chooser):
    found = pick(chooser, bound_above(repository, path))
    if found:
        name, home, _, use = found
        notebook = repository.notebooks[path]
        first, last = cell_span(notebook, home)
        lines = without(notebook.lines, first, last)
        lines += ["", SEPARATOR, ""] + list(home.lines)
        return Mutation(path, lines, (path, use - (last - first + 1), name), repository.is_dark(path))


@case
def misspell_use(repository, path, chooser):
    notebook = repository.notebooks[path]
    rows = [row for row in notebook.uses if len(row[2]) > 3 and row[2].isascii()]
    found = pick(chooser, rows)
    if found:
        line, column, name = found
        at = chooser.randrange(1, len(name) - 1)
        wrong = chooser.choice([name + "s", name[:at] + name[at + 1:], name[:at] + name[at + 1] + name[at] + name[at + 2:]])
        text = notebook.lines[line - 1]
        start = len(text.encode()[:column].decode(errors="replace"))
        if wrong == name or wrong in PLATFORM or not text[start:].startswith(name) or repository.binders(path, wrong):
            return None
        lines = list(notebook.lines)
        lines[line - 1] = text[:start] + wrong + text[start + len(name):]
        return Mutation(path, lines, (path, line, wrong), repository.is_dark(path))


def make_up(root, chooser):
    """A repository of our own: helpers that run helpers, and jobs that use them."""
    def write(path, cells):
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w") as file:
            file.write(HEADER + "\n" + f"\n\n{SEPARATOR}\n\n".join(cells) + "\n")

    areas = ["orders", "stock", "returns", "prices", "stores", "parcels"]
    for at, area in enumerate(areas):
        cells = [f"# MAGIC %run ./{areas[at - 1]}_helpers"] if at % 3 else []
        cells += [
            f"import {chooser.choice(['json', 'math', 'decimal'])} as {area}_tools\nfrom datetime import date as {area}_date",
            f'{area}_table = "dev.sales.{area}"\n{area}_limit = {at + 10}',
            f"def load_{area}(day):\n    rows = spark.table({area}_table)\n    return rows.where(rows.day == day)",
            f"class {area.title()}Report:\n    def __init__(self, rows):\n        self.rows = rows\n\n"
            f"    def show(self):\n        display(self.rows.limit({area}_limit))",
        ]
        write(f"helpers/{area}_helpers.py", cells)
    for number in range(24):
        area, other = chooser.sample(areas, 2)
        cells = [
            "# MAGIC %md\n# MAGIC A job",
            f"# MAGIC %run ../helpers/{area}_helpers",
            f"import os as system_{number}\n\nday_{number} = dbutils.widgets.get('day')",
            f"rows_{number} = load_{area}(day_{number})\nprint({area}_date.today(), system_{number}.getcwd())",
        ]
        if other not in (areas[areas.index(area) - 1], areas[(areas.index(area) + 1) % len(areas)]):
            cells.append(f"# MAGIC %run ../helpers/{other}_helpers")
            cells.append(f"more_{number} = load_{other}(day_{number})\nprint({other}_tools.__name__, {other}_limit)")
        cells += [
            f"def summary_{number}(rows):\n    return rows.count() * {area}_limit",
            f"{area.title()}Report(rows_{number}).show()\nprint(summary_{number}(rows_{number}))",
            f"total_{number} = [row.amount for row in rows_{number}.collect()]\nprint(sum(total_{number}))",
        ]
        write(f"jobs/job_{number:02}.py", cells)


class Bench:
    """Copies of connected notebooks, and the tool run on them."""

    def __init__(self, binary, repository, top):
        self.binary, self.repository, self.top = binary, repository, top
        self.places = {}

    def place(self, path):
        together = frozenset(self.repository.connected(path))
        if together not in self.places:
            place = os.path.join(self.top, f"part{len(self.places)}")
            os.makedirs(os.path.join(place, ".git"))
            with open(os.path.join(place, ".git", "HEAD"), "w") as file:
                file.write("ref: refs/heads/main\n")
            for one in together:
                os.makedirs(os.path.dirname(os.path.join(place, one)), exist_ok=True)
                shutil.copyfile(os.path.join(self.repository.root, one), os.path.join(place, one))
            self.places[together] = (place, self.check(place))
        return self.places[together]

    def check(self, place):
        """Findings of the names rules: (path, line, rule, message)."""
        command = [self.binary, "check", "--isolated", "--select", "names/*", "--output-format", "json-lines"]
        ran = subprocess.run(command, cwd=place, capture_output=True, text=True)
        if ran.returncode not in (0, 1):
            raise SystemExit(f"brickgate failed: {ran.stderr}")
        rows = [json.loads(line) for line in ran.stdout.splitlines()]
        return [(row["filename"], row["location"]["row"], row["code"], row["message"]) for row in rows]

    def is_found(self, mutation):
        place, _ = self.place(mutation.path)
        file = os.path.join(place, mutation.path)
        old = self.repository.notebooks[mutation.path].text
        try:
            with open(file, "w", newline="") as out:
                out.write("\n".join(mutation.lines))
            found = self.check(place)
        finally:
            with open(file, "w", newline="") as out:
                out.write(old)
        path, line, name = mutation.expected
        rules = ("undefined-name", "used-before-definition", "name-lost-at-restart", "undefined-in-caller")
        return any(row[:2] == (path, line) and row[2] in rules and f"`{name}`" in row[3] for row in found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="holds repositories; without it one is made up")
    parser.add_argument("--binary", default=os.path.join(TARGET, "release", "brickgate"))
    parser.add_argument("--tries", type=int, default=100, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", action="store_true", help="print what was not found")
    arguments = parser.parse_args()
    chooser = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as top:
        if arguments.folder:
            roots = sorted(entry.path for entry in os.scandir(arguments.folder) if entry.is_dir())
        else:
            roots = [os.path.join(top, "made-up")]
            make_up(roots[0], chooser)
        benches = []
        for at, root in enumerate(roots):
            repository = Repository(root)
            bench = Bench(arguments.binary, repository, os.path.join(top, f"bench{at}"))
            connected = [path for path in sorted(repository.notebooks) if repository.runs[path] or repository.callers[path]]
            if connected:
                benches.append((bench, connected))
        if not benches:
            raise SystemExit("no notebooks that are connected by `%run`")
        print(f"{'kind':32}{'tries':>6}{'found':>7}{'rate':>8}{'dark':>6}{'dark found':>12}")
        sums = collections.Counter()
        for kind, mutate in CASES.items():
            counts, seen = collections.Counter(), set()
            for _ in range(arguments.tries * 20):
                if counts["tries"] + counts["dark"] >= arguments.tries:
                    break
                # Large repositories count for more, but not by their whole size.
                bench, connected = chooser.choices(benches, [len(one[1]) ** 0.5 for one in benches])[0]
                mutation = mutate(bench.repository, chooser.choice(connected), chooser)
                if mutation is None or (bench.repository.root, mutation.path, mutation.expected) in seen:
                    continue
                seen.add((bench.repository.root, mutation.path, mutation.expected))
                path, line, name = mutation.expected
                _, before = bench.place(mutation.path)
                if any(row[0] == path and f"`{name}`" in row[3] for row in before):
                    continue
                found = bench.is_found(mutation)
                counts["dark" if mutation.dark else "tries"] += 1
                counts["dark found" if mutation.dark else "found"] += found
                if not found and not mutation.dark and arguments.misses:
                    print(f"  not found: {bench.repository.root}: {mutation.path} changed, {path}:{line} misses {name}")
            sums.update(counts)
            say(kind, counts)
        say("all", sums)
        if sums["found"] < 0.98 * sums["tries"]:
            sys.exit(1)


def say(kind, counts):
    rate = 100 * counts["found"] / counts["tries"] if counts["tries"] else 0
    print(f"{kind:32}{counts['tries']:6}{counts['found']:7}{rate:7.1f}%{counts['dark']:6}{counts['dark found']:12}", flush=True)


if __name__ == "__main__":
    main()
