//! The names of magics, and what each does.

use super::Language;
use super::magic::MagicKind;

/// Languages, by the name that Databricks gives their magic. With one sign or two.
const LANGUAGES: &[(&str, Language)] = &[
    ("fs", Language::Fs),
    ("md", Language::Markdown),
    ("md-sandbox", Language::Markdown),
    ("py", Language::Python),
    ("python", Language::Python),
    ("r", Language::R),
    ("scala", Language::Scala),
    ("sh", Language::Shell),
    ("sql", Language::Sql),
];

/// Cell magics whose body is Python, of IPython, Databricks and well-known libraries.
const PYTHON_BODY: &[&str] = &[
    "capture",
    "debug",
    "filprofile",
    "heat",
    "ipytest",
    "lprun",
    "memit",
    "mprun",
    "oprofile",
    "profile",
    "prun",
    "pyinstrument",
    "scalene",
    "snakeviz",
    "time",
    "timeit",
    "wandb",
];

/// Cell magics whose body is something else.
const TEXT_BODY: &[&str] = &[
    "HTML",
    "R",
    "SVG",
    "ai",
    "cmd",
    "configure",
    "cython",
    "file",
    "html",
    "javascript",
    "js",
    "latex",
    "perl",
    "pypy",
    "python2",
    "python3",
    "ruby",
    "script",
    "svg",
    "writefile",
];

/// Line magics of IPython, Databricks and well-known libraries.
const LINE: &[&str] = &[
    "alias",
    "alias_magic",
    "autoawait",
    "autocall",
    "automagic",
    "autoreload",
    "autosave",
    "bookmark",
    "cat",
    "cd",
    "clear",
    "code_wrap",
    "colors",
    "conda",
    "config",
    "connect_info",
    "cp",
    "debug",
    "dhist",
    "dirs",
    "doctest_mode",
    "ed",
    "edit",
    "env",
    "gui",
    "hist",
    "history",
    "killbgscripts",
    "ldir",
    "less",
    "lf",
    "lk",
    "ll",
    "load",
    "load_ext",
    "loadpy",
    "logoff",
    "logon",
    "logstart",
    "logstate",
    "logstop",
    "lprun",
    "ls",
    "lsmagic",
    "lx",
    "macro",
    "magic",
    "man",
    "matplotlib",
    "memit",
    "mkdir",
    "mlflow",
    "more",
    "mprun",
    "mv",
    "notebook",
    "page",
    "pastebin",
    "pdb",
    "pdef",
    "pdoc",
    "pfile",
    "pinfo",
    "pinfo2",
    "popd",
    "pprint",
    "precision",
    "prun",
    "psearch",
    "psource",
    "pushd",
    "pwd",
    "pycat",
    "pylab",
    "qtconsole",
    "quickref",
    "recall",
    "rehashx",
    "reload_ext",
    "rep",
    "rerun",
    "reset",
    "reset_selective",
    "rm",
    "rmdir",
    "save",
    "sc",
    "set_cell_max_output_size_in_mb",
    "set_env",
    "snakeviz",
    "store",
    "subshell",
    "tb",
    "tensorboard",
    "time",
    "timeit",
    "unalias",
    "unload_ext",
    "who",
    "who_ls",
    "whos",
    "xdel",
    "xmode",
];

/// Every name with a meaning of its own that is in none of the tables.
const OTHER: &[&str] = &["environment", "pip", "restart_python", "run", "skip", "sx", "system", "uv"];

/// What the magic `name` does, written with one sign or (`double`) two.
pub(super) fn kind(name: &str, double: bool) -> MagicKind {
    if let Some((_, language)) = LANGUAGES.iter().find(|(known, _)| *known == name) {
        return MagicKind::Language(*language);
    }
    if double {
        return match name {
            "bash" => MagicKind::Language(Language::Shell),
            "markdown" => MagicKind::Language(Language::Markdown),
            "sx" | "system" => MagicKind::Shell,
            _ if PYTHON_BODY.contains(&name) => MagicKind::PythonBody,
            _ if TEXT_BODY.contains(&name) => MagicKind::TextBody,
            _ => MagicKind::Unknown,
        };
    }
    match name {
        "run" => MagicKind::Run,
        "pip" | "conda" | "uv" => MagicKind::Install,
        "restart_python" => MagicKind::Restart,
        "skip" => MagicKind::Skip,
        "environment" => MagicKind::Environment,
        "sx" | "system" => MagicKind::Shell,
        _ if LINE.contains(&name) => MagicKind::Line,
        _ => MagicKind::Unknown,
    }
}

/// Every known name of magics written with one sign or (`double`) two.
pub(super) fn known(double: bool) -> impl Iterator<Item = &'static str> {
    let (first, second): (&[&str], &[&str]) = if double { (PYTHON_BODY, TEXT_BODY) } else { (LINE, OTHER) };
    LANGUAGES.iter().map(|(name, _)| *name).chain(first.iter().copied()).chain(second.iter().copied())
}
