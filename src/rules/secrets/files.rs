//! Page: `rules/secrets/secret-in-source.md`, for files that are no documents: `.env`, init scripts, settings.

use super::assigned::assigned;
use super::scanner::scan;
use super::secret_in_source::{file_message, is_allowed};
use crate::rules::survey::Survey;
use crate::snapshot::item::ItemKind;

/// Longer files, in bytes, are data.
const LONGEST: u64 = 500_000;

/// Looks for credentials in files that are read for nothing else.
pub(super) fn check(survey: &mut Survey<'_, '_>) {
    for item in survey.items.asked.iter().filter(|item| item.kind == ItemKind::File) {
        if survey.project.document(&item.path).is_some() {
            continue;
        }
        let Some(settings) = survey.settings(&item.path) else { continue };
        let name = item.path.name().to_ascii_lowercase();
        let wanted = settings.list("files").iter().any(|known| match known.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => name == *known || name.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('.')),
        });
        if !wanted {
            continue;
        }
        let Some(text) = survey.text(&item.path, LONGEST) else { continue };
        let mut secrets = scan(&text);
        secrets.extend(assigned(&text));
        secrets.sort_by_key(|secret| secret.span);
        secrets.dedup_by(|later, earlier| earlier.hidden.overlaps(later.hidden));
        for secret in secrets {
            let value = secret.span.of(&text);
            if !is_allowed(value, settings.list("allow")) {
                survey.report_at(&item.path, secret.span, file_message(secret.what, value));
            }
        }
    }
}
