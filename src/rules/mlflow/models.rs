//! Pages: `legacy-feature-store`, `model-name-not-three-levels`, `model-stage`, `model-without-signature` under
//! `rules/mlflow/`.

use super::{Registry, registry};
use crate::finding::Severity;
use crate::python::facts::{Argument, Call, Facts, Value};
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;

/// Flavors that do not work out a signature by themselves.
const PLAIN_FLAVORS: &[&str] = &[
    "mlflow.catboost.log_model",
    "mlflow.keras.log_model",
    "mlflow.lightgbm.log_model",
    "mlflow.prophet.log_model",
    "mlflow.pytorch.log_model",
    "mlflow.sklearn.log_model",
    "mlflow.spark.log_model",
    "mlflow.statsmodels.log_model",
    "mlflow.tensorflow.log_model",
    "mlflow.xgboost.log_model",
];

/// Whether a call is one of `log_model`, of any flavor.
fn logs_model(facts: &Facts, call: &Call) -> bool {
    facts.is(call.method, "log_model") && call.path.is_some_and(|path| facts.text(path).starts_with("mlflow."))
}

/// The names under which models are registered.
fn registered(facts: &Facts) -> Vec<&Argument> {
    let mut found: Vec<&Argument> =
        calls_to(facts, "mlflow.register_model").filter_map(|call| facts.argument(call, 1, "name")).collect();
    for call in facts.calls.iter().filter(|call| logs_model(facts, call)) {
        found.extend(facts.arguments(call).iter().filter(|it| facts.is(it.keyword, "registered_model_name")));
    }
    found
}

/// Names of fewer than three levels.
pub(super) fn levels(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if registry(facts) != Registry::Catalog {
        return;
    }
    for argument in registered(facts) {
        let Value::String(name) = &argument.value else { continue };
        let levels = name.split('.').count();
        if levels >= 3 || name.is_empty() {
            continue;
        }
        let message = format!(
            "`{name}` has {levels} of the three levels that a model's name has in Unity Catalog: write `catalog.schema.model`, \
             or it goes to whatever catalog and schema are current"
        );
        context.report(argument.span, message);
    }
}

/// Models that are registered without a signature.
pub(super) fn signature(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if registry(facts) != Registry::Catalog {
        return;
    }
    let says = |word: &str| facts.symbols.get(word).is_some();
    // Autologging, and code that sets the signature afterwards.
    if says("autolog") || says("mlflow.autolog") || says("set_signature") || says("mlflow.models.set_signature") {
        return;
    }
    let autologs = facts.calls.iter().any(|call| facts.is(call.method, "autolog"));
    let registered = artifacts_registered(context);
    let registers = |call: &Call| {
        let logged = facts.argument(call, 1, "artifact_path").or_else(|| facts.argument(call, 1, "name"));
        let logged = logged.and_then(|it| if let Value::String(name) = &it.value { Some(&**name) } else { None });
        registered.iter().any(|one| one.is_none() || logged.is_none() || *one == logged)
    };
    if autologs {
        return;
    }
    for call in PLAIN_FLAVORS.iter().flat_map(|path| calls_to(facts, path)) {
        let arguments = facts.arguments(call);
        let has = |word: &str| arguments.iter().any(|it| facts.is(it.keyword, word));
        let is_open =
            arguments.iter().any(|it| it.starred) || arguments.iter().filter(|it| it.keyword.is_none()).count() > 3;
        if is_open || has("signature") || has("input_example") || !(has("registered_model_name") || registers(call)) {
            continue;
        }
        let message = "Unity Catalog takes only models with a signature: pass `signature=` or `input_example=`";
        context.report(Span::new(call.span.start, call.callee.end), message);
    }
}

/// What `mlflow.register_model` registers: the last part of `runs:/…/model`; `None` where that is not written.
fn artifacts_registered<'d>(context: &Context<'d>) -> Vec<Option<&'d str>> {
    let document = context.document;
    let facts = &document.python;
    let calls = calls_to(facts, "mlflow.register_model");
    calls
        .map(|call| {
            let uri = facts.argument(call, 0, "model_uri")?;
            let end = match &uri.value {
                Value::String(text) => text,
                Value::Partial { prefix, suffix } if prefix.starts_with("runs:/") => suffix,
                _ => return None,
            };
            let (_, name) = end.rsplit_once('/')?;
            (!name.is_empty()).then_some(name)
        })
        .collect()
}

/// Stages of models.
pub(super) fn stage(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let in_catalog = registry(facts) == Registry::Catalog;
    let severity = if in_catalog { Severity::Error } else { context.settings.severity };
    let tail =
        if in_catalog { "Unity Catalog has no stages" } else { "stages are deprecated, and Unity Catalog has none" };
    let methods = ["transition_model_version_stage", "get_latest_versions"].map(|word| facts.symbols.get(word));
    if methods != [None, None] {
        for call in facts.calls.iter().filter(|call| call.method.is_some() && methods.contains(&call.method)) {
            let method = call.method.map_or("", |method| facts.text(method));
            let instead = if method == "get_latest_versions" {
                "`get_model_version_by_alias`, or `search_model_versions`"
            } else {
                "`set_registered_model_alias`"
            };
            context.report_with(severity, call.callee, format!("{tail}: use aliases, with {instead}"));
        }
    }
    for string in facts.strings.iter().filter(|row| !row.statement) {
        let Some(model) = string.value.strip_prefix("models:/") else { continue };
        let Some((_, stage)) = model.rsplit_once('/') else { continue };
        if matches!(stage.to_ascii_lowercase().as_str(), "production" | "staging" | "archived") {
            let message = format!("{tail}: name the model by an alias, as in `models:/name@champion`");
            context.report_with(severity, string.span, message);
        }
    }
}

/// The client of the workspace's own feature store.
pub(super) fn feature_store(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for import in &facts.imports {
        let module = facts.text(import.module);
        let is_legacy = module == "databricks.feature_store"
            || module.starts_with("databricks.feature_store.")
            || (module == "databricks" && facts.is(import.name, "feature_store"));
        if is_legacy && import.level == 0 {
            let message = "`databricks.feature_store` is for the feature store of one workspace, which is deprecated: use \
                           `FeatureEngineeringClient` of `databricks.feature_engineering`";
            context.report(import.statement, message);
        }
    }
}
