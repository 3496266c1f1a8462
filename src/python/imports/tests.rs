use super::*;

fn with(order: &Order, code: &str) -> String {
    let is_ours = |name: &str| name == "ours" || name.starts_with("ours.");
    sort(code, Imports { order, is_ours: &is_ours }, true).unwrap_or_else(|| code.to_owned())
}

fn plain(code: &str) -> String {
    with(&Order::default(), code)
}

#[test]
fn sections_names_and_members() {
    let code = "import ours.x\nfrom b import Z, a, B_C\nimport os, sys\nfrom . import q\nfrom .. import p\n\
                import numpy as np\nfrom __future__ import annotations\nfrom b import c as d\nx = 1\n";
    assert_eq!(
        plain(code),
        "from __future__ import annotations\n\nimport os\nimport sys\n\nimport numpy as np\nfrom b import B_C, Z, a\n\
         from b import c as d\n\nimport ours.x\n\nfrom .. import p\nfrom . import q\n\nx = 1\n"
    );
}

#[test]
fn comments_go_along() {
    let code = "# about b\nimport b  # b\nimport a\nfrom c import (  # c\n    # x\n    x,  # xx\n    # end\n)  # cc\n";
    let sorted = plain(code);
    assert_eq!(
        sorted,
        "# about b\nimport a\nimport b  # b\nfrom c import (  # c\n    # x\n    x,  # xx\n    # end\n)  # cc\n"
    );
    assert_eq!(plain("import b\n# on a\nimport a\n"), "# on a\nimport a\nimport b\n");
}

#[test]
fn nothing_is_carried_over_a_magic() {
    for code in ["import b\n%pip install a\nimport a\n", "import b\n%run ./x\n\nimport a\n", "!ls\nimport a\n"] {
        assert!(plain(code).find("import b").is_none_or(|b| b < plain(code).find("import a").unwrap()), "{code}");
    }
    assert_eq!(plain("%pip install c\nimport b\nimport a\n"), "%pip install c\nimport a\nimport b\n");
}

#[test]
fn what_is_marked_is_left() {
    for code in [
        "import b  # noqa: I001\nimport a\n",
        "import b  # isort: skip\nimport a\n",
        "# isort: skip_file\nimport b\nimport a\n",
        "# isort: off\nimport b\nimport a\n",
        "# ruff: noqa\nimport b\nimport a\n",
        "x = 1; import b\nimport a\n",
        "import b\nimport a; x = 1\n",
    ] {
        assert_eq!(plain(code), code);
    }
    assert_eq!(plain("import b\n# isort: split\nimport a\n"), "import b\n\n# isort: split\nimport a\n");
    assert_eq!(plain("import b # noqa: F401\nimport a\n"), "import a\nimport b # noqa: F401\n".replace("b #", "b  #"));
}

#[test]
fn blank_lines_after() {
    assert_eq!(plain("import a\ndef f(): pass\n"), "import a\n\n\ndef f(): pass\n");
    assert_eq!(plain("import a\n\n\n\nx = 1\n"), "import a\n\nx = 1\n");
    assert_eq!(plain("def f():\n    import b\n    import a\n    x\n"), "def f():\n    import a\n    import b\n    x\n");
    assert_eq!(plain("import b\r\nimport a\r\n"), "import a\r\nimport b\r\n");
    assert_eq!(plain("import b\nimport a"), "import a\nimport b");
}

#[test]
fn settings_change_the_order() {
    let code = "import b\nfrom a import x as y, z\nimport B\n";
    let order = Order { combine_as_imports: true, ..Order::default() };
    assert_eq!(
        with(&order, code),
        "import B\nimport b\nfrom a import x as y, z\n"
            .replace("x as y, z", "x as y\n")
            .replace("x as y\n\n", "x as y, z\n")
    );
    let order = Order { force_sort_within_sections: true, ..Order::default() };
    assert_eq!(with(&order, code), "from a import x as y\nfrom a import z\nimport B\nimport b\n");
    let order = Order { force_single_line: true, from_first: true, lines_between_types: 1, ..Order::default() };
    assert_eq!(with(&order, code), "from a import x as y\nfrom a import z\n\nimport B\nimport b\n");
    let order = Order { known: vec![("b*".to_owned(), Section::FirstParty)], ..Order::default() };
    assert_eq!(with(&order, "import b\nimport c\n"), "import c\n\nimport b\n");
    let order = Order { unknown: true, ..Order::default() };
    assert_eq!(with(&order, code), code);
}
