//! What puts brickgate into a repository: `init`, `doctor`, the templates and the action, each run.

use crate::ci::{holds, json};
use crate::toy::Toy;
use brickgate::bundle::yaml::{self, Node};
use std::fs;
use std::path::Path;
use std::process::Command;

const HEADER: &str = "# Databricks notebook source\n";

#[test]
fn init_shows_then_writes_then_has_nothing_to_do() {
    let toy = Toy::new(&[("jobs/a.py", &format!("{HEADER}print(missing)\n"))]);
    toy.git(&["remote", "add", "origin", "https://github.com/team/repo.git"]);
    let before = toy.git(&["status", "--porcelain", "-uall"]);
    toy.brickgate(&["init"])
        .expect(0)
        .says("+ brickgate.toml")
        .says("lets pass what is found today (1 error)")
        .warns("nothing was written");
    assert_eq!(toy.git(&["status", "--porcelain", "-uall"]), before);
    toy.brickgate(&["init", "--yes"]).expect(0).warns("wrote .github/workflows/brickgate.yml");
    assert!(toy.read(".brickgate-baseline.json").contains("undefined-name"));
    toy.brickgate(&["check"]).expect(0);
    let after = toy.git(&["status", "--porcelain", "-uall"]);
    toy.brickgate(&["init", "--yes"]).expect(0).warns("there is nothing to write");
    assert_eq!(toy.git(&["status", "--porcelain", "-uall"]), after);
    toy.brickgate(&["doctor"]).expect(0).says("✓ settings: brickgate.toml").says("nothing gets in the way");
}

#[test]
fn init_fits_the_repository() {
    let toy = Toy::with(&["-b", "master"], &[(".gitignore", ".vscode\n"), ("jobs/a.py", HEADER)]);
    toy.git(&["remote", "add", "origin", "https://github.com/team/repo.git"]);
    toy.brickgate(&["init", "--yes"]).expect(0).silent_on(".vscode");
    assert!(toy.read(".github/workflows/brickgate.yml").contains("branches: [master]"));
    assert!(!toy.top.join(".vscode").exists());
    toy.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    toy.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    fs::remove_file(toy.top.join(".github/workflows/brickgate.yml")).unwrap();
    toy.brickgate(&["init"]).expect(0).says("branches: [trunk]");
}

#[test]
fn doctor_names_the_clash_and_the_cure() {
    let settings = "[tool.isort]\nfloat_to_top = true\n\n[tool.ruff]\nline-length = 100\n";
    let notebook = format!("{HEADER}display(spark.range(1))\n");
    let toy = Toy::new(&[("pyproject.toml", settings), ("jobs/a.py", &notebook)]);
    toy.brickgate(&["doctor"]).expect(1).says("✗ pyproject.toml: isort moves imports").says("builtins = [\"dbutils\"");
}

#[test]
fn templates_are_what_they_claim_to_be() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let toy = Toy::new(&[]);
    let help = toy.brickgate(&["check", "--help"]).expect(0).out;
    let mut paths = vec![root.join("action.yml")];
    paths.extend(fs::read_dir(root.join("templates")).unwrap().map(|entry| entry.unwrap().path()));
    assert!(paths.len() >= 8);
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        if path.extension().is_some_and(|end| end == "yml") {
            assert!(yaml::parse(&text).unwrap().is_some(), "{}", path.display());
        }
        assert!(text.contains("brickgate"), "{}", path.display());
        // Whatever stands behind `brickgate check` is there, and so are the formats.
        for call in text.split("brickgate check").skip(1).chain(text.split("brickgate\" check").skip(1)) {
            let flags = call.split_whitespace().take_while(|word| !word.starts_with('#') && !word.ends_with(':'));
            for flag in flags
                .map(|word| word.trim_end_matches(['"', '.', '`', ',']))
                .filter(|word| word.starts_with("--") && word.len() > 2)
            {
                assert!(help.contains(flag), "{}: {flag}", path.display());
            }
        }
        for output in text.split("--output ").skip(1) {
            let format = output.trim_start_matches('"').split('=').next().unwrap();
            assert!(
                ["sarif", "gitlab", "junit", "checkstyle", "html"].contains(&format),
                "{}: {format}",
                path.display()
            );
        }
    }
}

#[cfg(unix)]
/// What a template has a shell run, as its system would give it: each text of the shell, and variables for it.
fn shells(root: &Path) -> Vec<(&'static str, Vec<String>)> {
    let text = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let tree = |path: &str| yaml::parse(&text(path)).unwrap().unwrap();
    let all = |node: &Node| node.items().filter_map(Node::text).map(str::to_owned).collect::<Vec<_>>();
    let gitlab = tree("templates/gitlab.yml");
    let gitlab = all(gitlab.get("brickgate").unwrap().get("script").unwrap());
    let bitbucket = tree("templates/bitbucket-pipelines.yml");
    let steps = bitbucket.get("pipelines").unwrap().get("pull-requests").unwrap().get("**").unwrap();
    let bitbucket = all(steps.items().next().unwrap().get("step").unwrap().get("script").unwrap());
    let jenkins = text("templates/Jenkinsfile");
    let jenkins = jenkins.split("'''").nth(1).unwrap().to_owned();
    let bundle = tree("templates/databricks.yml");
    let bundle = bundle.get("experimental").unwrap().get("scripts").unwrap().get("prebuild").unwrap().text().unwrap();
    let azure = tree("templates/azure-pipelines.yml");
    let version = azure.get("variables").unwrap().get("BRICKGATE").unwrap().text().unwrap().to_owned();
    let macros = [
        ("$(Pipeline.Workspace)", "$WORK"),
        ("$(Common.TestResultsDirectory)", "$WORK/tests"),
        ("$(Build.ArtifactStagingDirectory)", "$WORK/staging"),
        ("$(BRICKGATE)", &version),
    ];
    let azure = azure.get("steps").unwrap().items().filter_map(|step| step.get("script")?.text().map(str::to_owned));
    let azure = azure.map(|script| macros.iter().fold(script, |script, (from, to)| script.replace(from, to)));
    vec![
        ("GITLAB_CI", gitlab),
        ("BITBUCKET_BUILD_NUMBER", bitbucket),
        ("JENKINS_URL", vec![jenkins]),
        ("TF_BUILD", azure.collect()),
        ("BUNDLE", vec![bundle.to_owned()]),
    ]
}

#[cfg(unix)]
#[test]
fn the_shell_of_templates_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (variable, scripts) in shells(root) {
        let mut toy = Toy::new(&[("jobs/old.py", &format!("{HEADER}print(old)\n"))]);
        toy.git(&["checkout", "-qb", "topic"]);
        toy.commit("jobs/new.py", format!("{HEADER}print(new)\n"));
        let work = toy.around().join("work");
        // What would build it from the internet; it is built already.
        let cargo = concat!(
            "#!/bin/sh\nset -e\ntest \"$1 $2\" = \"install --locked\"\n",
            "while [ $# -gt 1 ]; do if [ \"$1\" = --root ]; then root=\"$2\"; fi; shift; done\n",
            "mkdir -p \"$root/bin\"\nln -sf \"$BUILT\" \"$root/bin/brickgate\"\n"
        );
        let bin = toy.around().join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("cargo"), cargo).unwrap();
        toy.run(&bin, Command::new("chmod").args(["+x", "cargo"]), "").expect(0);
        toy.environment = vec![
            (variable, "true".to_owned()),
            ("BUILT", env!("CARGO_BIN_EXE_brickgate").to_owned()),
            ("WORK", work.display().to_string()),
            // What the systems say of the branch that is merged into.
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main".to_owned()),
            ("BITBUCKET_PR_DESTINATION_BRANCH", "main".to_owned()),
            ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main".to_owned()),
            // What they read elsewhere in the file.
            ("BRICKGATE", "v0.1.0".to_owned()),
        ];
        let body = format!("PATH=\"{}:$PATH\"\n{}", bin.display(), scripts.join("\n"));
        // Twice: the second time it comes from the cache.
        for _ in 0..2 {
            let ran =
                toy.run(&toy.top, Command::new("bash").args(["-e", "-c", &body]), "").expect(1).says("`new` is not");
            assert_eq!(
                ran.out.contains("`old`"),
                matches!(variable, "JENKINS_URL" | "BUNDLE"),
                "{variable}: {}",
                ran.out
            );
        }
        let written: &[&str] = match variable {
            "GITLAB_CI" => &["gl-code-quality-report.json", "brickgate-junit.xml"],
            "BITBUCKET_BUILD_NUMBER" => &["test-results/brickgate.xml"],
            "JENKINS_URL" => &["brickgate-junit.xml", "brickgate-checkstyle.xml"],
            "TF_BUILD" => &["../work/tests/brickgate.xml", "../work/staging/brickgate.sarif"],
            _ => &[],
        };
        for path in written {
            assert!(toy.read(path).contains("`new` is not") || toy.read(path).contains("new` is not"), "{path}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_action_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let action = yaml::parse(&fs::read_to_string(root.join("action.yml")).unwrap()).unwrap().unwrap();
    let step = |name: &str| {
        let steps = action.get("runs").unwrap().get("steps").unwrap();
        let found = steps.items().find(|step| step.get("name").and_then(Node::text) == Some(name));
        found.unwrap().get("run").unwrap().text().unwrap().to_owned()
    };
    let mut toy = Toy::new(&[("jobs/a b.py", &format!("{HEADER}print(missing)\n")), ("jobs/c.py", "import os\n")]);
    let output = toy.around().join("output");
    let bin = toy.around().join("root/bin");
    fs::create_dir_all(&bin).unwrap();
    toy.run(&bin, Command::new("ln").args(["-s", env!("CARGO_BIN_EXE_brickgate"), "brickgate"]), "").expect(0);
    let path = |path: &Path| path.display().to_string();
    let common = [
        ("GITHUB_ACTION_PATH", path(root)),
        ("GITHUB_OUTPUT", path(&output)),
        ("RUNNER_OS", "Linux".to_owned()),
        ("RUNNER_ARCH", "X64".to_owned()),
        ("RUNNER_TEMP", path(&toy.around())),
        ("ROOT", path(&toy.around().join("root"))),
    ];
    let mut run = |name: &str, inputs: &[(&'static str, &str)]| {
        toy.environment = common.to_vec();
        for key in ["ARGS", "PATHS", "SARIF", "HTML"] {
            let given = inputs.iter().find(|(input, _)| *input == key).map_or("", |(_, value)| value);
            toy.environment.push((key, given.to_owned()));
        }
        fs::write(&output, "").unwrap();
        let shell = ["--noprofile", "--norc", "-eo", "pipefail", "-c", &step(name)];
        let ran = toy.run(&toy.top, Command::new("bash").args(shell), "");
        (ran, fs::read_to_string(&output).unwrap())
    };
    let (ran, said) = run("Name the version", &[]);
    ran.expect(0);
    let key = said.lines().find_map(|line| line.strip_prefix("key=")).unwrap();
    assert!(key.starts_with("brickgate-Linux-X64-") && key.len() > 60, "{key}");
    assert!(said.lines().any(|line| line.starts_with("root=/")), "{said}");
    let (ran, said) = run("Check", &[]);
    ran.expect(1).says("missing");
    assert_eq!(said, "exit-code=1\n");
    let (ran, said) =
        run("Check", &[("PATHS", "jobs/c.py\n\njobs/a b.py"), ("SARIF", "x.sarif"), ("HTML", "x y.html")]);
    ran.expect(1).says("missing");
    assert_eq!(said, "exit-code=1\n");
    let (ran, said) = run("Check", &[("ARGS", "--strict --select names/*"), ("PATHS", "jobs/c.py")]);
    ran.expect(1).silent_on("missing");
    assert_eq!(said, "exit-code=1\n");
    let (ran, said) = run("Check", &[("PATHS", "jobs/c.py")]);
    ran.expect(0);
    assert_eq!(said, "exit-code=0\n");
    let (ran, said) = run("Check", &[("PATHS", "jobs/nothing.py")]);
    ran.expect(2);
    assert_eq!(said, "exit-code=2\n");
    assert!(toy.read("x y.html").contains("missing"));
    holds(&json(&toy.read("x.sarif")), "sarif.json");
}
