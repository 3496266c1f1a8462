//! Finds credentials in any text: one pass over its bytes for the few letters that each kind of credential
//! must hold, and a look around every place where they stand.
//!
//! The looks are bounded in length, so that the whole is linear in the text whatever the text holds.

use super::forms::{
    account_key, account_key_setting, anthropic, aws_key_id, client_secret, databricks, github, github_fine_grained,
    gitlab, hugging_face, is_escape, looks_like_aws_secret, openai, private_key, pypi, run, setting,
    shared_access_signature, slack, slack_webhook, starts, url_password, web_token,
};
use super::shape::is_base64;
use crate::text::Span;
use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;
use std::ops::Range;
use std::sync::LazyLock;

/// One credential in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Secret {
    /// Where it stands. For a key of several lines its first line.
    pub(super) span: Span,
    /// What must never be shown; covers `span` or more.
    pub(super) hidden: Span,
    /// What it is, for messages: "Databricks personal access token".
    pub(super) what: &'static str,
}

/// Letters that a kind of credential always holds, and how to read the credential around them.
struct Mark {
    letters: &'static str,
    what: &'static str,
    /// From the text and the place of the letters to the credential, if there is one.
    read: fn(&[u8], Range<usize>) -> Option<Range<usize>>,
}

const MARKS: &[Mark] = &[
    Mark { letters: "dapi", what: "Databricks personal access token", read: databricks },
    Mark { letters: "dsapi", what: "Databricks scoped token", read: databricks },
    Mark { letters: "dkea", what: "Databricks token", read: databricks },
    Mark { letters: "dose", what: "Databricks OAuth secret", read: databricks },
    Mark { letters: "doau", what: "Databricks OAuth refresh token", read: databricks },
    Mark { letters: "dosa", what: "Databricks token", read: databricks },
    Mark { letters: "AKIA", what: AWS_KEY_ID, read: aws_key_id },
    Mark { letters: "ASIA", what: AWS_KEY_ID, read: aws_key_id },
    Mark { letters: "ABIA", what: AWS_KEY_ID, read: aws_key_id },
    Mark { letters: "ACCA", what: AWS_KEY_ID, read: aws_key_id },
    Mark { letters: "AccountKey=", what: "Azure storage account key", read: account_key },
    Mark { letters: "account.key", what: "Azure storage account key", read: account_key_setting },
    Mark { letters: "sig=", what: "Azure shared access signature", read: shared_access_signature },
    Mark { letters: "ghp_", what: "GitHub token", read: github },
    Mark { letters: "gho_", what: "GitHub token", read: github },
    Mark { letters: "ghu_", what: "GitHub token", read: github },
    Mark { letters: "ghs_", what: "GitHub token", read: github },
    Mark { letters: "ghr_", what: "GitHub token", read: github },
    Mark { letters: "github_pat_", what: "GitHub token", read: github_fine_grained },
    Mark { letters: "T3BlbkFJ", what: "OpenAI API key", read: openai },
    Mark { letters: "sk-ant-", what: "Anthropic API key", read: anthropic },
    Mark { letters: "pypi-AgEIcHlwaS5vcmc", what: "PyPI token", read: pypi },
    Mark { letters: "glpat-", what: "GitLab token", read: gitlab },
    Mark { letters: "xoxb-", what: "Slack token", read: slack },
    Mark { letters: "xoxp-", what: "Slack token", read: slack },
    Mark { letters: "hooks.slack.com/services/", what: "Slack webhook", read: slack_webhook },
    Mark { letters: "oauth2.client.secret", what: "client secret", read: setting },
    Mark { letters: "fs.s3a.secret.key", what: AWS_SECRET, read: setting },
    Mark { letters: "awsSecretAccessKey", what: AWS_SECRET, read: setting },
    Mark { letters: "sas.fixed.token", what: "Azure shared access signature", read: setting },
    Mark { letters: "PRIVATE KEY-----", what: "private key", read: private_key },
    Mark { letters: ".eyJ", what: "signed web token", read: web_token },
];

const AWS_KEY_ID: &str = "AWS access key id";
const AWS_SECRET: &str = "AWS secret access key";

/// How far around an AWS key id its secret is looked for, in bytes.
const AWS_NEAR: usize = 200;

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(MARKS.iter().map(|mark| mark.letters)).ok()
});

/// Every credential in `text`, in order of place.
pub(super) fn scan(text: &str) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    if let Some(finder) = FINDER.as_ref() {
        for hit in finder.find_iter(bytes) {
            let Some(mark) = MARKS.get(hit.pattern().as_usize()) else { continue };
            let Some(place) = (mark.read)(bytes, hit.range()) else { continue };
            if mark.what == "private key" {
                push_key(&mut found, bytes, place);
            } else {
                push(&mut found, place, mark.what);
            }
        }
    }
    // These marks are too short to be searched with the others at full speed.
    for at in memmem::find_iter(bytes, b"hf_") {
        if let Some(place) = hugging_face(bytes, at) {
            push(&mut found, place, "Hugging Face token");
        }
    }
    for at in memmem::find_iter(bytes, b"://") {
        if let Some(place) = url_password(bytes, at..at + 3) {
            push(&mut found, place, "password in a URL");
        }
    }
    for at in memmem::find_iter(bytes, b"Q~") {
        if let Some(place) = client_secret(bytes, at) {
            push(&mut found, place, "Entra ID client secret");
        }
    }
    let ids: Vec<Span> = found.iter().filter(|secret| secret.what == AWS_KEY_ID).map(|secret| secret.span).collect();
    let mut done = 0;
    for id in ids {
        done = aws_secrets(&mut found, bytes, id.range(), done);
    }
    found.sort_by_key(|secret| secret.span);
    found.dedup_by(|later, earlier| earlier.hidden.covers(later.hidden));
    found
}

fn push(found: &mut Vec<Secret>, place: Range<usize>, what: &'static str) {
    let span = Span::from_range(place);
    found.push(Secret { span, hidden: span, what });
}

/// A private key is pointed at by its first line and hidden as a whole.
fn push_key(found: &mut Vec<Secret>, bytes: &[u8], place: Range<usize>) {
    let hidden = Span::from_range(place.clone());
    let body = bytes.get(place.clone()).unwrap_or_default();
    let first = memmem::find(body, b"KEY-----").map_or(body.len(), |at| at + b"KEY-----".len());
    found.push(Secret { span: Span::from_range(place.start..place.start + first), hidden, what: "private key" });
}

/// AWS secrets near a key id: 40 bytes that nothing but their neighbour tells apart from a hash. Returns how far
/// the text is done, so that ids in a row do not have the same stretch read again and again.
fn aws_secrets(found: &mut Vec<Secret>, bytes: &[u8], id: Range<usize>, done: usize) -> usize {
    let end = bytes.len().min(id.end + AWS_NEAR);
    let mut at = id.start.saturating_sub(AWS_NEAR).max(done);
    // In URLs its slashes are escaped.
    let part = |byte| is_base64(byte) || byte == b'%';
    // Do not start in the middle of a run.
    if !starts(bytes, at, part) {
        at = run(bytes, at, AWS_NEAR, part);
    }
    while at < end {
        let stop = run(bytes, at, 4 * AWS_NEAR, part);
        let start = if is_escape(bytes, at) { at + 1 } else { at };
        let value = bytes.get(start..stop).unwrap_or_default();
        if looks_like_aws_secret(value) && bytes.get(stop) != Some(&b'=') {
            push(found, start..stop, AWS_SECRET);
        }
        at = stop + 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random letters that are the same each time, so that no credential stands in this file.
    fn random(seed: u64, length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                letters[usize::try_from(state >> 33).unwrap() % letters.len()]
            })
            .collect()
    }

    const HEX: &str = "0123456789abcdef";
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// What is found in `text`, as the stretches that are pointed at.
    fn found(text: &str) -> Vec<&str> {
        scan(text).iter().map(|secret| secret.span.of(text)).collect()
    }

    fn credentials() -> Vec<String> {
        let letters = |seed, length| random(seed, length, LETTERS);
        vec![
            format!("dapi{}", random(1, 32, HEX)),
            format!("dapi{}-2", random(2, 32, HEX)),
            format!("dsapi{}", random(3, 32, HEX)),
            format!("dkea{}", random(4, 32, HEX)),
            format!("dose{}", random(5, 32, HEX)),
            format!("doau{}", random(6, 32, HEX)),
            format!("dosa{}", random(7, 32, HEX)),
            format!("AKIA{}", random(8, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
            format!("ghp_{}", letters(9, 36)),
            format!("github_pat_{}", letters(10, 82)),
            format!("hf_{}", letters(11, 34)),
            format!("sk-proj-{}T3BlbkFJ{}", letters(12, 20), letters(13, 20)),
            format!("sk-ant-api03-{}AA", letters(14, 93)),
            format!("pypi-AgEIcHlwaS5vcmc{}", letters(15, 80)),
            format!("a.8{}Q~{}", 7, letters(16, 34)),
            format!("eyJ{}.eyJ{}.{}", letters(17, 30), letters(18, 60), letters(19, 43)),
        ]
    }

    #[test]
    fn finds_each_kind_alone_quoted_and_escaped() {
        for credential in credentials() {
            for text in [
                credential.clone(),
                format!("x = \"{credential}\"\n"),
                format!("# MAGIC val é = '{credential}'\r\n"),
                format!("\"see\\n{credential}\\n\""),
                format!("token: {credential}\nnext: 1"),
            ] {
                assert_eq!(found(&text), [credential.as_str()], "{text}");
            }
        }
    }

    #[test]
    fn a_letter_more_or_less_is_no_credential() {
        for credential in credentials() {
            // The others have no fixed length, or may be cut anywhere.
            let fixed = ["dapi", "dsap", "dkea", "dose", "doau", "dosa", "AKIA", "ghp_", "gith", "hf_"];
            let Some(credential) = fixed.iter().any(|kind| credential.starts_with(kind)).then_some(credential) else {
                continue;
            };
            let credential = credential.strip_suffix("-2").unwrap_or(&credential);
            assert_eq!(found(&format!("x{credential}")), [""; 0], "{credential}");
            assert_eq!(found(&format!("{credential}f")), [""; 0], "{credential}");
            assert_eq!(found(&credential[..credential.len() - 1]), [""; 0], "{credential}");
        }
    }

    #[test]
    fn made_up_values_are_no_credentials() {
        for text in [
            "dapi123456789012345678a9bc01234defg5",
            "dapi12345678901234567890123456789012",
            "dapiXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "dapi0123456789abcdef0123456789abcdef",
            "dapiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "dapideadbeefdeadbeefdeadbeefdeadbeef",
            "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "dosage dose the dosemeter",
            "hf_hub_download(repo_id, use_auth_token=hf_token)",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "AccountName=a;AccountKey={storage_account_key};EndpointSuffix=core.windows.net",
            "spark.conf.set(\"fs.azure.account.key.a.dfs.core.windows.net\", dbutils.secrets.get(\"s\", \"k\"))",
            "plot(sig=0.05, design=1)",
            "-----BEGIN PRIVATE KEY-----\\n\" + body + \"\\n-----END PRIVATE KEY-----",
            "if line == '-----BEGIN RSA PRIVATE KEY-----': read(line)",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_storage_key_needs_its_name_before_it() {
        let key = format!("{}==", random(20, 86, BASE64));
        assert_eq!(found(&format!("\"data\": \"{key}\"")), [""; 0]);
        assert_eq!(found(&format!("AccountName=a;AccountKey={key};Suffix=b")), [key.as_str()]);
        let set = format!("spark.conf.set(\n  \"fs.azure.account.key.a.dfs.core.windows.net\",\n  \"{key}\")");
        assert_eq!(found(&set), [key.as_str()]);
        assert_eq!(
            found(&format!("AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu{}", &key[48..])),
            [""; 0]
        );
    }

    #[test]
    fn an_aws_secret_needs_an_id_near_it() {
        let id = format!("AKIA{}", random(21, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"));
        let secret = random(22, 40, BASE64);
        let hash = random(23, 40, HEX);
        let both = format!("id = \"{id}\"\n# MAGIC secret = \"{secret}\"\ncommit = \"{hash}\"\n");
        assert_eq!(found(&both), [id.as_str(), secret.as_str()]);
        assert_eq!(found(&format!("{{\"a\": \"\\n{secret}\", \"b\": \"{id}\"}}")), [secret.as_str(), id.as_str()]);
        let escaped = format!("{}%2F{}", random(26, 20, LETTERS), random(27, 19, LETTERS));
        assert_eq!(found(&format!("s3a://{id}:{escaped}@bucket")), [id.as_str(), escaped.as_str()]);
        assert_eq!(found(&format!("secret = \"{secret}\"")), [""; 0]);
        let far = format!("id = \"{id}\"{}secret = \"{secret}\"", " ".repeat(300));
        assert_eq!(found(&far), [id.as_str()]);
        assert_eq!(scan(&format!("{id} ").repeat(50)).len(), 50);
    }

    #[test]
    fn a_signature_needs_its_query() {
        let signature = format!("{}%2B{}%3D", random(24, 20, LETTERS), random(25, 22, LETTERS));
        let url = format!(
            "https://a.blob.core.windows.net/c?sp=r&se=2030-01-01T00:00:00Z&sv=2022-11-02&sr=c&sig={signature}"
        );
        assert_eq!(found(&format!("x = '{url}'")), [signature.as_str()]);
        let escaped = url.replace('&', "\\u0026");
        assert_eq!(found(&format!("\"{escaped}\"")), [signature.as_str()]);
        assert_eq!(found(&format!("x = '?sig={signature}'")), [""; 0]);
        assert_eq!(found("wasbs://a?sv=2022-11-02&sp=r&sig=<signature>"), [""; 0]);
    }

    #[test]
    fn a_private_key_is_shown_by_its_first_line_and_hidden_whole() {
        let kind = "RSA PRIVATE";
        let lines: Vec<String> = (0..6).map(|line| random(30 + line, 64, BASE64)).collect();
        for end in ["\n", "\\n", "\n# MAGIC "] {
            let key = format!("-----BEGIN {kind} KEY-----{end}{}{end}-----END {kind} KEY-----", lines.join(end));
            let text = format!("key = '''{key}'''\n");
            let secrets = scan(&text);
            assert_eq!(secrets.len(), 1, "{text}");
            assert_eq!(secrets[0].hidden.of(&text), key);
            assert_eq!(secrets[0].span.of(&text), format!("-----BEGIN {kind} KEY-----"));
        }
    }

    #[test]
    fn marks_without_end_are_read_in_linear_time() {
        for mark in MARKS {
            let text = mark.letters.repeat(50_000 / mark.letters.len());
            assert_eq!(scan(&text), [], "{}", mark.letters);
        }
        assert_eq!(scan("é\u{0}AccountKey=é".repeat(1000).as_str()), []);
    }
}
