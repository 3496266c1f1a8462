//! `undefined-name`.

use super::elsewhere::{self, Elsewhere};
use super::mend;
use super::missing::{Case, Fault, cases};
use crate::names::find::{Finder, Found};
use crate::project::document::DocumentId;
use crate::python::builtins::is_builtin;
use crate::python::facts::BindingKind;
use crate::python::symbols::Symbol;
use crate::rules::context::Context;
use crate::text::nearest::ranked;
use std::collections::{BTreeSet, HashMap, HashSet};

/// For so many names of a document it is searched what was meant.
const SEARCHED: usize = 50;

/// In so many notebooks that are run names are looked for that are spelled almost the same.
const REACHED: usize = 200;

/// So many callers of a notebook are named.
const CALLERS: usize = 3;

/// Names that nobody binds.
pub(super) fn undefined_name(context: &mut Context<'_>) {
    let cases = cases(context, |fault| matches!(fault, Fault::Unbound | Fault::Unbind(_)));
    let Some(id) = context.project.id(&context.document.path).filter(|_| !cases.is_empty()) else { return };
    let mut hints = Hints::new(id);
    let mut mended: HashSet<(DocumentId, Symbol)> = HashSet::new();
    for case in cases {
        let (document, facts) = (context.document, &context.document.python);
        let name = case.text(facts);
        if let Fault::Unbind(by) = case.fault {
            let Some(row) = facts.bindings.get(by as usize) else { continue };
            let (message, note) = if row.kind == BindingKind::ExceptionEnd {
                let why = "is gone after its `except`, which unbinds it at the end: keep it under another name";
                (format!("`{name}` {why}{}", case.tail()), "the end of the `except`")
            } else {
                (format!("`{name}` is gone: it was deleted before{}", case.tail()), "deleted here")
            };
            let (path, span) = (document.path.clone(), row.span);
            context.report(case.span, message).note(path, span, note);
            continue;
        }
        let hint = hints.of(context, case);
        let message = format!("`{name}` is not defined{}{}", hint.words(context, name), case.tail());
        let callers = callers(context, id);
        let mend = hint.elsewhere.filter(|_| mended.insert((id, case.name))).and_then(|elsewhere| match *elsewhere {
            [one] => mend::bring(context, case, one),
            _ => None,
        });
        let finding = context.report(case.span, message);
        for (path, span) in callers {
            finding.note(path, span, format!("run from here, where `{name}` is not bound either"));
        }
        if let Some((title, edits)) = mend {
            finding.unsafe_fix(title, edits);
        }
    }
}

/// The `%run`s of the notebooks that run a document, a few of them.
fn callers(context: &Context<'_>, id: DocumentId) -> Vec<(crate::snapshot::RepoPath, crate::text::Span)> {
    let edges = context.project.runs().callers(id).iter().filter_map(|&edge| context.project.edge(edge));
    edges.take(CALLERS).map(|(caller, reference)| (caller.path.clone(), reference.command)).collect()
}

/// What was probably meant by a name.
#[derive(Clone, Debug, Default)]
struct Hint {
    /// Something that is spelled almost the same, and is bound.
    near: Option<String>,
    /// An import that most code has under this name.
    import: Option<&'static str>,
    /// Where the repository binds it.
    elsewhere: Option<Vec<Elsewhere>>,
}

impl Hint {
    /// What to add to "`x` is not defined".
    fn words(&self, context: &Context<'_>, name: &str) -> String {
        if let Some(found) = &self.elsewhere {
            return elsewhere::words(context, found);
        }
        match (&self.near, self.import) {
            (_, Some(import)) => format!(": `{import}` is missing"),
            (Some(near), None) => format!(": did you mean `{near}`?"),
            (None, None) => match name {
                "true" => ": in Python it is `True`".to_owned(),
                "false" => ": in Python it is `False`".to_owned(),
                "null" => ": in Python it is `None`".to_owned(),
                _ => String::new(),
            },
        }
    }
}

/// Finds out what was meant, once for each name of a document.
struct Hints {
    id: DocumentId,
    known: HashMap<Symbol, Hint>,
    /// Every name that is bound at the top level of the document or arrives there.
    names: Option<BTreeSet<String>>,
}

impl Hints {
    fn new(id: DocumentId) -> Self {
        Self { id, known: HashMap::new(), names: None }
    }

    fn of(&mut self, context: &Context<'_>, case: Case) -> Hint {
        if let Some(hint) = self.known.get(&case.name) {
            return hint.clone();
        }
        if self.known.len() >= SEARCHED {
            return Hint::default();
        }
        let name = case.text(&context.document.python);
        let mut hint = Hint::default();
        if !matches!(name, "true" | "false" | "null") {
            let found = elsewhere::search(context, self.id, name);
            hint.elsewhere = (!found.is_empty()).then_some(found);
            hint.import = usual_import(name);
            hint.near = self.near(context, case, name);
        }
        self.known.insert(case.name, hint.clone());
        hint
    }

    /// A name in scope that is spelled almost the same.
    fn near(&mut self, context: &Context<'_>, case: Case, name: &str) -> Option<String> {
        if name.chars().count() < 3 {
            return None;
        }
        let facts = &context.document.python;
        let id = self.id;
        let names = self.names.get_or_insert_with(|| in_reach(context, id));
        // Names of the functions around.
        let mut local: BTreeSet<&str> = BTreeSet::new();
        let scope = facts.uses.iter().find(|row| row.span == case.span).map(|row| row.scope);
        let mut around = scope;
        let mut scopes = HashSet::new();
        while let Some(scope) = around.filter(|&scope| scope != 0) {
            scopes.insert(scope);
            around = facts.scopes.get(scope as usize).and_then(|row| row.parent);
        }
        let bound = facts.bindings.iter().filter(|row| scopes.contains(&row.scope) && row.kind.binds());
        local.extend(bound.map(|row| facts.text(row.name)));
        let builtins = crate::python::builtins::names().iter().copied();
        // There are so many that something is always near: only a slip behind the first letter counts.
        let builtins = builtins.filter(|other| other.len() > 3 && other.as_bytes().first() == name.as_bytes().first());
        let candidates = local.iter().copied().chain(names.iter().map(String::as_str)).chain(builtins);
        let mut finder = Finder::new(context.names);
        let before = if case.deferred { u32::MAX } else { case.span.start };
        ranked(name, candidates.filter(|other| *other != name))
            .into_iter()
            .filter(|other| is_near(name, other))
            .take(5)
            .find(|other| {
                local.contains(other) || is_builtin(other) || matches!(finder.at(id, other, before), Found::Bound(_))
            })
            .map(str::to_owned)
    }
}

/// Whether one name may be a slip of the pen for the other: short ones that differ in a letter are most often two
/// names (`df1`, `df2`), and so are those that differ in a number.
fn is_near(name: &str, other: &str) -> bool {
    let letters = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).to_lowercase();
    let numbered = letters(name) == letters(other) && name.to_lowercase() != other.to_lowercase();
    !numbered && (name.len() > 3 || name.eq_ignore_ascii_case(other))
}

/// Every name that is bound at the top level of a document, or of those that it runs.
fn in_reach(context: &Context<'_>, id: DocumentId) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let reached = context.project.runs().reached(id);
    for id in std::iter::once(id).chain(reached.take(REACHED)) {
        let (Some(document), Some(local)) = (context.project.documents().get(id as usize), context.names.local(id))
        else {
            continue;
        };
        let facts = &document.python;
        let rows = local.names.module().iter().filter_map(|&at| facts.bindings.get(at as usize));
        names.extend(rows.filter(|row| row.kind.binds()).map(|row| facts.text(row.name).to_owned()));
    }
    names
}

/// The import that code on Databricks has under a name, where there is only one that is usual.
fn usual_import(name: &str) -> Option<&'static str> {
    Some(match name {
        "F" => "from pyspark.sql import functions as F",
        "T" => "from pyspark.sql import types as T",
        "Window" => "from pyspark.sql import Window",
        "SparkSession" => "from pyspark.sql import SparkSession",
        "DataFrame" => "from pyspark.sql import DataFrame",
        "DeltaTable" => "from delta.tables import DeltaTable",
        "StructType" => "from pyspark.sql.types import StructType",
        "StructField" => "from pyspark.sql.types import StructField",
        "np" => "import numpy as np",
        "pd" => "import pandas as pd",
        "plt" => "import matplotlib.pyplot as plt",
        "sns" => "import seaborn as sns",
        "px" => "import plotly.express as px",
        "go" => "import plotly.graph_objects as go",
        "tf" => "import tensorflow as tf",
        "dlt" => "import dlt",
        "mlflow" => "import mlflow",
        "requests" => "import requests",
        "os" => "import os",
        "sys" => "import sys",
        "re" => "import re",
        "json" => "import json",
        "time" => "import time",
        "math" => "import math",
        "random" => "import random",
        "logging" => "import logging",
        "datetime" => "from datetime import datetime",
        "timedelta" => "from datetime import timedelta",
        "Path" => "from pathlib import Path",
        "defaultdict" => "from collections import defaultdict",
        "Counter" => "from collections import Counter",
        "reduce" => "from functools import reduce",
        "partial" => "from functools import partial",
        "dataclass" => "from dataclasses import dataclass",
        "Optional" => "from typing import Optional",
        "List" => "from typing import List",
        "Dict" => "from typing import Dict",
        "Any" => "from typing import Any",
        "Tuple" => "from typing import Tuple",
        "Union" => "from typing import Union",
        "Callable" => "from typing import Callable",
        "uuid" => "import uuid",
        "shutil" => "import shutil",
        "subprocess" => "import subprocess",
        "traceback" => "import traceback",
        "itertools" => "import itertools",
        "functools" => "import functools",
        "string" => "import string",
        "copy" => "import copy",
        "warnings" => "import warnings",
        "glob" => "import glob",
        "pprint" => "from pprint import pprint",
        "urllib" => "import urllib",
        "base64" => "import base64",
        "hashlib" => "import hashlib",
        _ => return None,
    })
}
