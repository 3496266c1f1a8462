#!/usr/bin/env python3
"""Writes `src/names/stars.txt`: the public names of modules that notebooks import by star.

    pip download --no-deps --no-binary :all: -d FOLDER pyspark==3.5.7        (and other versions; unpack them)
    pip download --no-deps -d FOLDER delta-spark databricks-sdk              (unpack them)
    python3 benches/stars.py FOLDER... > src/names/stars.txt

Each FOLDER holds an unpacked package (`pyspark/`, `delta/` or `databricks/` right below it). Nothing of them is run:
the names are read out of the sources, and the union over all folders is taken, because a name that one version
lacks must not make another look wrong. Modules of Python itself are imported and asked.
"""

import ast
import importlib
import os
import sys

MODULES = """
databricks.sdk.runtime delta delta.tables
pyspark.ml pyspark.ml.classification pyspark.ml.clustering pyspark.ml.evaluation pyspark.ml.feature pyspark.ml.fpm
pyspark.ml.functions pyspark.ml.linalg pyspark.ml.param pyspark.ml.param.shared pyspark.ml.pipeline
pyspark.ml.recommendation pyspark.ml.regression pyspark.ml.stat pyspark.ml.tuning pyspark.ml.util
pyspark.sql pyspark.sql.column pyspark.sql.dataframe pyspark.sql.functions pyspark.sql.session
pyspark.sql.streaming pyspark.sql.types pyspark.sql.utils pyspark.sql.window
""".split()

PYTHON = """
abc collections dataclasses datetime decimal enum functools itertools json math operator os os.path pathlib random re
statistics string time typing
""".split()

# What Pythons after 3.11 added, for when an older one runs this.
NEWER = {
    "functools": "Placeholder",
    "itertools": "batched",
    "enum": "EnumType EnumDict",
    "math": "fma sumprod",
    "operator": "is_none is_not_none",
    "os": "EX_OK listdrives listmounts listvolumes process_cpu_count reload_environ setns unshare",
    "os.path": "ALL_BUT_LAST ALLOW_MISSING isdevdrive isjunction isreserved splitroot",
    "pathlib": "UnsupportedOperation",
    "random": "binomialvariate",
    "re": "PatternError",
    "statistics": "kde kde_random",
    "typing": "NoDefault ReadOnly TypeAliasType TypeIs evaluate_forward_ref get_protocol_members is_protocol override",
}


def main():
    roots = [os.path.abspath(folder) for folder in sys.argv[1:]]
    if not roots:
        sys.exit(__doc__)
    rows = {}
    for module in MODULES:
        names = set()
        for root in roots:
            names |= star(root, module, ())
        rows[module] = names
    for module in PYTHON:
        loaded = importlib.import_module(module)
        listed = getattr(loaded, "__all__", None) or [name for name in vars(loaded) if not name.startswith("_")]
        rows[module] = set(listed) | set(NEWER.get(module, "").split())
    for module in sorted(rows):
        if rows[module]:
            print(module, *sorted(rows[module]))


def star(root, module, seen):
    """What `from module import *` binds, as far as the sources below `root` say."""
    source = find(root, module)
    if source is None or module in seen:
        return set()
    bound, listed = read(root, module, source, (*seen, module))
    if listed is not None:
        return listed
    return {name for name in bound if not name.startswith("_")}


def find(root, module):
    base = os.path.join(root, *module.split("."))
    for path in (os.path.join(base, "__init__.py"), base + ".py"):
        if os.path.exists(path):
            return path
    return None


def read(root, module, path, seen):
    """All names bound at the top level of a module, and what its `__all__` lists."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
    bound, listed, lists = set(), None, {}
    for node in walk(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.Import):
            bound |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                bound |= star(root, source, seen) if alias.name == "*" else {alias.asname or alias.name}
            if node.level == 1 and node.module:
                bound.add(node.module.partition(".")[0])
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
            value = strings(root, node.value, lists, seen)
            if names == {"__all__"}:
                listed = (listed or set()) | value
            elif len(names) == 1:
                lists[min(names)] = value
            bound |= names
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Attribute) and ast.unparse(function.value) == "__all__":
                listed = (listed or set()).union(*(strings(root, value, lists, seen) for value in node.value.args))
        elif isinstance(node, (ast.For, ast.With)):
            targets = [node.target] if isinstance(node, ast.For) else [item.optional_vars for item in node.items]
            bound |= {name.id for target in targets if target for name in ast.walk(target) if isinstance(name, ast.Name)}
    # `for var in dbruntime_objects: globals()[var] = ...`
    if module == "databricks.sdk.runtime":
        bound |= lists.get("dbruntime_objects", set())
        listed = None if listed is None else listed | lists.get("dbruntime_objects", set())
    return bound, listed


def strings(root, value, lists, seen):
    """The strings in an expression; names stand for lists bound before, `x.__all__` for what that module lists."""
    if value is None:
        return set()
    found = set()
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Name):
            found |= lists.get(node.id, set())
    return found if all(name.isidentifier() for name in found) else set()


def walk(body):
    """Statements that run when a module is loaded, in order."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from walk(node.orelse)
        elif isinstance(node, (ast.If, ast.For, ast.While, ast.With, ast.Try)):
            for part in (node.body, getattr(node, "orelse", []), getattr(node, "finalbody", [])):
                yield from walk(part)
            for handler in getattr(node, "handlers", []):
                yield from walk(handler.body)


if __name__ == "__main__":
    main()
