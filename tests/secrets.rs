//! A credential is told of, but never told.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Made up, and put together here so that no credential stands in this file.
fn credential() -> String {
    format!("{}{}", "dapi", "decafc0ffee0ddba11f00d5a1adb0bca")
}

fn everything_written(folder: &Path, format: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brickgate"));
    command.current_dir(folder).args(["check", ".", "--isolated", "--output-format", format]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn no_format_shows_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    let credential = credential();
    // The second line has a finding of another rule, whose line is shown as well.
    let module = format!("TOKEN = \"{credential}\"\ndef f(): return spark.sql(\"{credential}\")\n");
    fs::write(folder.path().join("module.py"), module).unwrap();
    let outputs = format!(r#"[{{"output_type": "stream", "name": "stdout", "text": ["a\n{credential}\n"]}}]"#);
    let cell = format!(r#"{{"cell_type": "code", "metadata": {{}}, "outputs": {outputs}, "source": ["1 + 1"]}}"#);
    let notebook = format!(r#"{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 0}}"#);
    fs::write(folder.path().join("notebook.ipynb"), notebook).unwrap();
    for format in ["human", "concise", "json", "json-lines"] {
        let written = everything_written(folder.path(), format);
        assert_eq!(written.matches("in the file: revoke it").count(), 2, "{written}");
        assert_eq!(written.matches("in the output of this cell").count(), 1, "{written}");
        assert!(written.contains("spark-global-in-library"), "{written}");
        assert!(!written.contains(&credential[4..12]), "{written}");
    }
}

#[test]
fn no_message_and_no_diff_shows_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    let credential = credential();
    let notebook = format!(
        "# Databricks notebook source\n# MAGIC %run ./{credential}\n\n# COMMAND ---------\n\nx = \"{credential}\"\n"
    );
    fs::write(folder.path().join("notebook.py"), notebook).unwrap();
    for arguments in [&["--output-format", "json"][..], &["--output-format", "concise"], &["--diff"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brickgate"));
        let output =
            command.current_dir(folder.path()).args(["check", ".", "--isolated"]).args(arguments).output().unwrap();
        let written = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(written.contains("****") || written.contains("COMMAND ----------"), "{written}");
        assert!(!written.contains(&credential[4..12]), "{written}");
    }
}

#[test]
fn files_beside_the_code_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let credential = credential();
    fs::write(folder.path().join(".env.local"), format!("TOKEN={credential}\n")).unwrap();
    fs::write(folder.path().join("init.sh"), format!("export A={credential}\n")).unwrap();
    fs::write(folder.path().join("data.csv"), format!("{credential}\n")).unwrap();
    for format in ["human", "concise", "json"] {
        let written = everything_written(folder.path(), format);
        assert_eq!(written.matches("in the file: revoke it").count(), 2, "{written}");
        assert!(!written.contains(&credential[4..12]), "{written}");
    }
}
