//! Where findings are written and how, and when they make a run fail.

use super::repository::Checked;
use super::terminal::{Terminal, to_stdout};
use crate::finding::Severity;
use crate::report::{self, Annotations, Format, Report, Style};
use crate::text::nearest::nearest;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What GitHub takes as a summary of one step, with room for what others write: a megabyte.
///
/// Source: GitHub documentation, "Workflow commands for GitHub Actions", "Step isolation and limits".
const SUMMARY: usize = 1_000_000;

/// What is written, where, and what it means for the exit code.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
pub struct Args {
    /// How to write findings: human, concise, grouped, json, json-lines, sarif, github, gitlab, azure, junit, rdjson,
    /// checkstyle, markdown or html
    #[arg(long, value_name = "FORMAT", value_parser = formats(), hide_possible_values = true, help_heading = "Output")]
    pub output_format: Option<Format>,
    /// Write findings in several formats at once, each to a file or to standard output: --output sarif=FILE
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Target::parse, help_heading = "Output")]
    pub output: Vec<Target>,
    /// Write no annotations for the system that runs the check (GitHub Actions, Azure Pipelines)
    #[arg(long, help_heading = "Output")]
    pub no_ci: bool,
    /// Count findings by rule instead of listing them
    #[arg(long, help_heading = "Output")]
    pub statistics: bool,
    /// Fail on findings of this severity or worse: error (the default), warning or info
    #[arg(long, value_name = "SEVERITY", value_parser = severities(), hide_possible_values = true, help_heading = "Exit code")]
    pub fail_on: Option<Severity>,
    /// Warnings fail the check, too: --fail-on warning
    #[arg(long, conflicts_with = "fail_on", help_heading = "Exit code")]
    pub strict: bool,
    /// Fail if there are more than this many warnings
    #[arg(long, value_name = "N", help_heading = "Exit code")]
    pub max_warnings: Option<usize>,
    /// With --fix: fail if anything was fixed
    #[arg(long, conflicts_with = "exit_zero", help_heading = "Exit code")]
    pub exit_non_zero_on_fix: bool,
    /// Exit with 0 even if there are findings
    #[arg(long, help_heading = "Exit code")]
    pub exit_zero: bool,
}

/// `--output`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    format: Format,
    /// Standard output without.
    file: Option<PathBuf>,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(|(_, name)| name)).map(|word| Format::parse(&word).unwrap_or_default())
}

fn severities() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(["error", "warning", "info"]).map(|word| match &*word {
        "info" => Severity::Info,
        "warning" => Severity::Warning,
        _ => Severity::Error,
    })
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        let (word, file) = text.split_once('=').map_or((text, None), |(word, file)| (word, Some(file)));
        let names = || Format::ALL.iter().map(|(_, name)| *name);
        let Some(format) = Format::parse(word) else {
            let known = || format!("known: {}", names().collect::<Vec<_>>().join(", "));
            let help = nearest(word, names()).map_or_else(known, |near| format!("did you mean `{near}`?"));
            return Err(format!("there is no format `{word}`; {help}"));
        };
        if file == Some("") {
            return Err(format!("name a file behind `{word}=`, or leave the `=` out for standard output"));
        }
        Ok(Self { format, file: file.map(PathBuf::from) })
    }
}

/// What runs the check and shows annotations, if it says so and nobody minds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum System {
    /// With the file for the summary of the step.
    Github(Option<PathBuf>),
    Azure,
}

impl System {
    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let on = |name: &str| set(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if on("GITHUB_ACTIONS") {
            return Some(Self::Github(set("GITHUB_STEP_SUMMARY").map(PathBuf::from)));
        }
        on("TF_BUILD").then_some(Self::Azure)
    }
}

impl Args {
    /// What goes to standard output.
    fn on_stdout(&self) -> Vec<Format> {
        let others = self.output.iter().filter(|target| target.file.is_none()).map(|target| target.format);
        let mut formats: Vec<Format> = self.output_format.into_iter().chain(others).collect();
        if formats.is_empty() {
            formats.push(Format::default());
        }
        formats.dedup();
        formats
    }

    /// Says what cannot be, before anything is done.
    ///
    /// # Errors
    /// If two formats would be mixed up on standard output.
    pub(super) fn verify(&self) -> Result<(), String> {
        let formats = self.on_stdout();
        match formats.iter().find(|format| !format.takes_company()) {
            Some(format) if formats.len() > 1 => {
                let name = Format::ALL.iter().find(|(other, _)| other == format).map_or("", |(_, name)| *name);
                Err(format!("`{name}` cannot share standard output: give it a file, as in `--output {name}=FILE`"))
            }
            _ => Ok(()),
        }
    }

    /// Whether what is on standard output leaves room for lines of ours.
    fn speaks_to_people(&self) -> bool {
        !self.statistics && self.on_stdout().iter().all(|format| format.takes_company())
    }

    /// Writes all reports.
    ///
    /// # Errors
    /// One line for users if something cannot be written.
    pub(super) fn write(
        &self,
        reports: &[Report<'_>],
        place: &mut dyn Place,
        terminal: Terminal,
    ) -> Result<(), String> {
        let formats = self.on_stdout();
        let style = place.style(terminal);
        if self.statistics {
            let format = formats.first().copied().unwrap_or_default();
            place.write(&mut |out| report::statistics::write(out, format, reports))?;
        } else {
            let is_log = System::of(|name| std::env::var_os(name)).is_some();
            let one = if is_log { report::write_to_log } else { report::write };
            place.write(&mut |out| formats.iter().try_for_each(|format| one(out, *format, reports, &style)))?;
        }
        for Target { format, file } in &self.output {
            if let Some(file) = file {
                to_file(file, |out| report::write(out, *format, reports, &Style::default()))?;
            }
        }
        Ok(())
    }

    /// Writes what the system that runs the check shows beside the code.
    ///
    /// # Errors
    /// One line for users if something cannot be written.
    pub(super) fn annotate(
        &self,
        reports: &[Report<'_>],
        place: &mut dyn Place,
        terminal: Terminal,
    ) -> Result<(), String> {
        if self.no_ci || !self.speaks_to_people() || reports.iter().all(|report| report.findings.is_empty()) {
            return Ok(());
        }
        let formats = self.on_stdout();
        match System::of(|name| std::env::var_os(name)) {
            Some(System::Github(summary)) => {
                let many = report::Annotations::Github;
                if !formats.contains(&Format::Github) {
                    place.write(&mut |out| report::annotate(out, many, reports))?;
                }
                if many.left_out(reports) > 0 {
                    terminal.note(match summary {
                        Some(_) => "GitHub shows ten errors, warnings and hints each of a step; its summary has the others, too",
                        None => "GitHub shows ten errors, warnings and hints each of a step",
                    });
                }
                let Some(summary) = summary else { return Ok(()) };
                let append = || -> io::Result<()> {
                    let mut out = BufWriter::new(OpenOptions::new().append(true).create(true).open(&summary)?);
                    report::summarize(&mut out, reports, SUMMARY)?;
                    out.flush()
                };
                append().map_err(|error| format!("{}: cannot be written: {}", summary.display(), error.kind()))
            }
            Some(System::Azure) if !formats.contains(&Format::Azure) => {
                place.write(&mut |out| report::annotate(out, Annotations::Azure, reports))
            }
            _ => Ok(()),
        }
    }

    /// Whether these findings, or fixes, make the run fail.
    pub(super) fn fails(&self, all: &[Checked]) -> bool {
        let least = self.fail_on.unwrap_or(if self.strict { Severity::Warning } else { Severity::Error });
        let findings = || all.iter().flat_map(|checked| &checked.outcome.findings);
        let fixed = || all.iter().any(|checked| checked.mended + checked.formatted > 0);
        findings().any(|finding| finding.severity >= least)
            || self.too_many_warnings(all).is_some()
            || (self.exit_non_zero_on_fix && fixed())
    }

    /// How many warnings there may be, if there are more.
    pub(super) fn too_many_warnings(&self, all: &[Checked]) -> Option<usize> {
        let findings = all.iter().flat_map(|checked| &checked.outcome.findings);
        let warnings = || findings.filter(|finding| finding.severity == Severity::Warning).count();
        self.max_warnings.filter(|most| warnings() > *most)
    }
}

fn to_file(file: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
    let all = || -> io::Result<()> {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let mut out = BufWriter::with_capacity(1 << 16, File::create(file)?);
        write(&mut out)?;
        out.flush()
    };
    all().map_err(|error| format!("{}: cannot be written: {}", file.display(), error.kind()))
}

/// Where findings are written that go to no file.
pub(super) trait Place {
    /// Writes what `write` writes.
    fn write(&mut self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> Result<(), String>;
    /// How output for people is to look there.
    fn style(&self, terminal: Terminal) -> Style;
}

/// Standard output.
pub(super) struct Stdout;

impl Place for Stdout {
    fn write(&mut self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
        to_stdout(write)
    }

    fn style(&self, terminal: Terminal) -> Style {
        terminal.stdout_style()
    }
}

/// Standard error, where standard output is taken by something else.
pub(super) struct Stderr;

impl Place for Stderr {
    fn write(&mut self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
        // If nobody can read it, nothing is lost.
        let _ = write(&mut io::stderr().lock());
        Ok(())
    }

    fn style(&self, terminal: Terminal) -> Style {
        Style { color: terminal.stderr_color(), width: None, unicode: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let read = |text: &str| Target::parse(text).map(|target| (target.format, target.file));
        assert_eq!(read("sarif=out/a=b.sarif"), Ok((Format::Sarif, Some(PathBuf::from("out/a=b.sarif")))));
        assert_eq!(read("github"), Ok((Format::Github, None)));
        assert_eq!(read("sarf"), Err("there is no format `sarf`; did you mean `sarif`?".to_owned()));
        assert!(read("json=").unwrap_err().starts_with("name a file"));
    }

    #[test]
    fn standard_output_takes_what_is_read_by_lines() {
        let with = |output: &[&str], format: Option<Format>| {
            let output = output.iter().map(|text| Target::parse(text).unwrap()).collect();
            Args { output, output_format: format, ..Args::default() }
        };
        assert_eq!(with(&["sarif=x"], None).on_stdout(), [Format::Human]);
        assert_eq!(with(&["sarif=x", "github"], None).on_stdout(), [Format::Github]);
        assert_eq!(with(&["github"], Some(Format::Concise)).on_stdout(), [Format::Concise, Format::Github]);
        assert!(with(&["github"], Some(Format::Concise)).verify().is_ok());
        assert!(with(&["json"], None).verify().is_ok());
        assert!(with(&["json"], Some(Format::Human)).verify().unwrap_err().contains("--output json=FILE"));
        assert!(!with(&["json"], None).speaks_to_people() && with(&["json=x"], None).speaks_to_people());
    }

    #[test]
    fn systems_say_who_they_are() {
        let with = |variables: &[(&str, &str)]| {
            System::of(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
        };
        assert_eq!(with(&[("CI", "true")]), None);
        assert_eq!(with(&[("GITHUB_ACTIONS", "true")]), Some(System::Github(None)));
        let summary = with(&[("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "/tmp/x")]);
        assert_eq!(summary, Some(System::Github(Some(PathBuf::from("/tmp/x")))));
        assert_eq!(with(&[("TF_BUILD", "True")]), Some(System::Azure));
        assert_eq!(with(&[("TF_BUILD", "")]), None);
    }
}
