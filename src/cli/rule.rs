//! `brickgate rule NAME`: a rule's page in the terminal.

use super::paper::{self, Sheet};
use super::rules::{ListFormat, state};
use crate::project::document::Kind;
use crate::report::Style;
use crate::rules::book::{Book, Rule};
use crate::text::nearest::nearest;
use anstyle::Style as Paint;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Explain a rule: why it is there, what it finds, what its options are
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Name of the rule, such as `run-not-found`
    pub name: String,
    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output_format: ListFormat,
}

/// Shows the page of a rule. Returns the exit code: 0, or 2 if there is no such rule.
///
/// # Errors
/// If `out` or `err` cannot be written to.
pub fn run(args: &Args, book: &Book, style: &Style, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let Some(rule) = book.get(&args.name) else {
        writeln!(err, "error: there is no rule `{}`{}", args.name.escape_debug(), suggestion(&args.name, book))?;
        return Ok(2);
    };
    match args.output_format {
        ListFormat::Human => out.write_all(human(rule, style).as_bytes())?,
        ListFormat::Json => writeln!(out, "{:#}", as_json(rule))?,
    }
    Ok(0)
}

/// What might have been meant: the nearest name, or names that hold the word.
fn suggestion(name: &str, book: &Book) -> String {
    let names = || book.rules().iter().map(Rule::name);
    if let Some(near) = nearest(name, names()) {
        return format!("; did you mean `{near}`?");
    }
    let word = name.to_ascii_lowercase();
    let similar: Vec<String> =
        names().filter(|other| word.len() >= 3 && other.contains(&word)).map(|other| format!("`{other}`")).collect();
    match &*similar {
        [] => "; `brickgate rules` lists all".to_owned(),
        [only] => format!("; did you mean {only}?"),
        several => format!("; did you mean one of {}?", several.join(", ")),
    }
}

fn human(rule: &Rule, style: &Style) -> String {
    let page = &rule.page;
    let mut sheet = Sheet::new(style);
    let name = sheet.paint(Paint::new().bold(), rule.name());
    let _ = writeln!(sheet.out, "{name}");
    sheet.prose("", &page.title);
    let kinds = page.head.applies_to_words();
    let kinds = if page.head.applies_to.len() == Kind::ALL.len() { "every file".to_owned() } else { kinds.join(", ") };
    let fix = match page.head.fix.as_str() {
        "none" => "no fix".to_owned(),
        word => format!("{word} fix"),
    };
    let severity = page.head.severity.as_str();
    let on = if page.head.enabled { severity.to_owned() } else { format!("{severity} (off unless settings say so)") };
    let mut facts = vec![format!("group {}", page.group), on, fix, format!("looks at: {kinds}")];
    if !page.head.since.is_empty() {
        facts.push(format!("since {}", page.head.since));
    }
    if !rule.built_in {
        facts.push(page.path.clone());
    }
    let separator = if style.unicode { " · " } else { " | " };
    sheet.facts(&facts, separator);
    if !page.head.replaces.is_empty() {
        let replaces: Vec<String> = page.head.replaces.iter().map(ToString::to_string).collect();
        sheet.prose("", &format!("replaces {}", replaces.join(", ")));
    }
    sheet.out.push('\n');
    let body = paper::body(page, style);
    sheet.out.push_str(&body);
    if !page.head.options.is_empty() {
        sheet.heading("Options");
        for option in &page.head.options {
            let key = sheet.paint(Paint::new().bold(), &option.name);
            let _ = writeln!(sheet.out, "  {key} = {}", option.default);
            sheet.prose("    ", &option.help);
        }
    }
    sheet.out
}

/// All that is known of a rule, for machines.
fn as_json(rule: &Rule) -> Value {
    let mut object = summary_json(rule);
    let page = &rule.page;
    let kinds = page.head.applies_to_words();
    object.insert("applies_to".to_owned(), json!(kinds));
    object.insert("since".to_owned(), json!(page.head.since));
    let replaces: Vec<String> = page.head.replaces.iter().map(ToString::to_string).collect();
    object.insert("replaces".to_owned(), json!(replaces));
    object.insert("built_in".to_owned(), json!(rule.built_in));
    object.insert("page".to_owned(), json!(page.path));
    let options: Vec<Value> = page
        .head
        .options
        .iter()
        .map(|option| json!({"name": option.name, "default": option.default.to_json(), "help": option.help}))
        .collect();
    object.insert("options".to_owned(), json!(options));
    object.insert("description".to_owned(), json!(page.description()));
    object.insert("markdown".to_owned(), json!(page.text));
    Value::Object(object)
}

/// What lists say of a rule, for machines.
pub(super) fn summary_json(rule: &Rule) -> Map<String, Value> {
    let page = &rule.page;
    let fields = [
        ("name", json!(rule.name())),
        ("group", json!(&*page.group)),
        ("severity", json!(page.head.severity.as_str())),
        ("enabled", json!(page.head.enabled)),
        ("default", json!(state(rule))),
        ("fix", json!(page.head.fix.as_str())),
        ("summary", json!(page.title)),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
