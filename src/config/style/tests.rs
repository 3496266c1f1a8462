use super::*;
use crate::config::Overrides;
use crate::python::format::Quotes;
use crate::python::imports::Section;
use crate::snapshot::memory::Memory;

/// What holds for `path`, whether it is left out, and what is wrong, in a repository with these files.
fn at(files: &[(&str, &str)], path: &str) -> (FormatSettings, bool, Vec<String>) {
    let memory = Memory::of(files);
    let configs = Configs::new(&memory, [], &Overrides::default());
    let styles = Styles::new(&memory, &configs, false);
    let path = RepoPath::new(path);
    let settings = styles.for_path(&path);
    let problems = styles.problems().iter().map(ToString::to_string).collect();
    (settings, styles.excluded(&path), problems)
}

fn style(files: &[(&str, &str)], path: &str) -> Style {
    let (settings, _, problems) = at(files, path);
    assert_eq!(problems, [""; 0]);
    settings.style
}

#[test]
fn the_nearest_file_of_ruff_decides() {
    let files = [
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n[tool.black]\nline-length = 50\n"),
        ("a/ruff.toml", "line-length = 90\n"),
        ("a/.ruff.toml", "line-length = 80\n"),
        ("b/pyproject.toml", "[project]\nname = 'b'\n"),
        ("c/pyproject.toml", "[tool.black]\nline-length = 60\n"),
    ];
    assert_eq!(style(&files, "m.py").line_length, 100);
    assert_eq!(style(&files, "a/deep/m.py").line_length, 80);
    assert_eq!(style(&files, "b/m.py").line_length, 100);
    // ruff's settings come before black's, also from further above.
    assert_eq!(style(&files, "c/m.py").line_length, 100);
    assert_eq!(style(&files[4..], "c/m.py").line_length, 60);
    assert_eq!(style(&[], "m.py"), Style::default());
}

#[test]
fn every_key_of_ruff() {
    let text = "line-length = 101\nindent-width = 3\ntarget-version = 'py312'\npreview = true\nfrom-the-future = []\n\
                [format]\nquote-style = 'preserve'\nindent-style = 'tab'\nskip-magic-trailing-comma = true\n\
                line-ending = 'cr-lf'\ndocstring-code-format = true\ndocstring-code-line-length = 70\n\
                nested-string-quote-style = 'preferred'\nnew = 1\n[per-file-target-version]\n'old*.py' = 'py38'\n";
    let (settings, _, problems) = at(&[("ruff.toml", text)], "m.py");
    assert_eq!(problems, [""; 0]);
    let expected = Style {
        line_length: 101,
        indent_width: 3,
        tabs: true,
        quotes: Quotes::Preserve,
        same_quotes_inside: true,
        magic_trailing_comma: false,
        line_ending: Ending::CrLf,
        docstring_code: true,
        docstring_code_length: Some(70),
        preview: true,
        target: (3, 12),
    };
    assert_eq!((settings.style, settings.ending), (expected, Ending::CrLf));
    assert_eq!(style(&[("ruff.toml", text)], "old_ones.py").target, (3, 8));
}

#[test]
fn extend_and_the_python_to_write_for() {
    let base = ("base.toml", "line-length = 70\nindent-width = 2\nextend-exclude = ['x']\n");
    let files = [
        base,
        ("a/ruff.toml", "extend = '../base.toml'\nline-length = 90\nextend-exclude = ['y']\n"),
        ("pyproject.toml", "[project]\nrequires-python = '>=3.9,<4'\n"),
        ("b/pyproject.toml", "[project]\nrequires-python = '~=3.11'\n[tool.ruff]\n"),
        ("c/brickgate.toml", "target-python = '3.12'\n"),
    ];
    let a = style(&files, "a/m.py");
    assert_eq!((a.line_length, a.indent_width, a.target), (90, 2, (3, 9)));
    assert!(at(&files, "a/y/m.py").1 && !at(&files, "a/z/m.py").1);
    assert_eq!(style(&files, "b/m.py").target, (3, 11));
    assert_eq!(style(&files, "c/m.py").target, (3, 12));
    for (written, said) in [
        ("'../../out.toml'", "leaves the repository"),
        ("'/etc/ruff.toml'", "leaves the repository"),
        ("'none.toml'", "there is no file `a/none.toml`"),
        ("'ruff.toml'", "runs in a circle"),
    ] {
        let text = format!("extend = {written}\n");
        let problems = at(&[("a/ruff.toml", &text)], "a/m.py").2;
        assert!(problems.len() == 1 && problems[0].contains(said), "{problems:?}");
    }
}

#[test]
fn faults_are_said_and_strange_keys_are_not() {
    let problems = at(&[("ruff.toml", "line-length = 0\n[format]\nquote-style = 'dubble'\n")], "m.py").2;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("ruff.toml:1:15: error: `line-length` must be a whole number from 1 to 320"));
    assert!(problems[1].contains("did you mean `double`?"), "{problems:?}");
    assert!(at(&[("ruff.toml", "line-length = \n")], "m.py").2[0].contains("not valid TOML"));
    assert_eq!(at(&[("ruff.toml", "required-version = '>=99'\nwhatever = { a = 1 }\n")], "m.py").2, [""; 0]);
}

#[test]
fn blacks_settings() {
    let text = "[tool.black]\nline-length = 120\nskip-string-normalization = true\nskip-magic-trailing-comma = true\n\
                target-version = ['py311', 'py39']\ninclude = '\\.pyi?$'\n";
    let expected = Style {
        line_length: 120,
        quotes: Quotes::Preserve,
        magic_trailing_comma: false,
        target: (3, 9),
        ..Style::default()
    };
    assert_eq!(style(&[("pyproject.toml", text)], "m.py"), expected);
}

#[test]
fn excludes_are_ruffs() {
    let files = [(
        "p/ruff.toml",
        "exclude = ['gen', '*_pb2.py', 'a/b']\nextend-exclude = ['c/*.py']\n[format]\nexclude = ['d/']\n",
    )];
    for out in ["p/gen/x.py", "p/q/gen/x.py", "p/q/m_pb2.py", "p/a/b/x.py", "p/c/x.py", "p/c/d/x.py", "p/d/x.py"] {
        assert!(at(&files, out).1, "{out}");
    }
    for stays in ["p/genx/x.py", "p/q/a/b/x.py", "p/c/x.ipynb", "gen/x.py"] {
        assert!(!at(&files, stays).1, "{stays}");
    }
    assert!(at(&[("brickgate.toml", "[format]\nexclude = ['out']\n")], "out/m.py").1);
}

#[test]
fn our_own_table() {
    let own = "[format]\nline-length = 99\nquote-style = 'single'\nsql = true\nipynb = 'strip'\n";
    let (settings, _, _) = at(&[("brickgate.toml", own)], "m.py");
    assert_eq!((settings.style.line_length, settings.style.quotes), (99, Quotes::Single));
    assert!(settings.sql && settings.ipynb == Ipynb::Strip);
    let (settings, _, _) = at(&[("brickgate.toml", own), ("ruff.toml", "")], "m.py");
    assert_eq!((settings.style.line_length, settings.sql), (88, true));
}

#[test]
fn the_order_of_imports() {
    let text = "line-length = 77\nsrc = ['lib']\n[lint.isort]\nknown-first-party = ['ours']\ncombine-as-imports = true\n\
                lines-after-imports = 2\nsections = { spark = ['pyspark'] }\n\
                section-order = ['future', 'standard-library', 'spark', 'third-party', 'first-party', 'local-folder']\n";
    let files = [("ruff.toml", text), ("lib/mine/x.py", ""), ("pkg/__init__.py", ""), ("pkg/m.py", "")];
    let (settings, _, problems) = at(&files, "m.py");
    assert_eq!(problems, [""; 0]);
    let order = &*settings.order;
    assert!(order.combine_as_imports && !order.unknown && order.line_length == 77);
    assert_eq!(order.lines_after_imports, Some(2));
    let spark = Section::Own("spark".to_owned());
    assert_eq!(order.known, [("pyspark".to_owned(), spark), ("ours".to_owned(), Section::FirstParty)]);
    let memory = Memory::of(&files);
    let configs = Configs::new(&memory, [], &Overrides::default());
    let styles = Styles::new(&memory, &configs, false);
    let is_ours = |path: &str, module: &str| styles.is_ours(&RepoPath::new(path), module);
    assert!(is_ours("m.py", "mine") && is_ours("m.py", "mine.x") && !is_ours("m.py", "mine.y"));
    assert!(is_ours("pkg/m.py", "pkg.other") && !is_ours("m.py", "pkg"));
    let strange = [("ruff.toml", "[lint.isort]\nimport-heading = { future = 'x' }\n")];
    assert!(at(&strange, "m.py").0.order.unknown);
}

#[test]
fn line_ends_of_gitattributes() {
    let files = [
        (".gitattributes", "# comment\n* text=auto\n*.py text eol=lf\nwin/** eol=crlf\n\"a b.py\" eol=crlf\n"),
        ("win/bin/.gitattributes", "*.py -text\n"),
    ];
    for (path, ending) in [
        ("m.py", Ending::Lf),
        ("x/m.py", Ending::Lf),
        ("win/m.py", Ending::CrLf),
        ("win/bin/m.py", Ending::Auto),
        ("a b.py", Ending::CrLf),
        ("m.sql", Ending::Auto),
    ] {
        assert_eq!(at(&files, path).0.ending, ending, "{path}");
    }
}
