//! From an import to the file of this repository that it means.

use super::bundles::nearest_root;
use super::places::{Listing, Places};
use super::reference::Resolution;
use super::roles::is_identifier;
use crate::python::facts::{Facts, Import};
use crate::snapshot::{EntryKind, RepoPath};

/// Resolves the imports of one document.
pub struct Importer<'a> {
    places: &'a Places,
    own: RepoPath,
    /// Folders in which Python looks, in its order.
    bases: Vec<Listing>,
}

/// What a dotted name means.
enum Located {
    /// A module's file.
    File(RepoPath),
    /// A package: its folder, and its `__init__.py` if it has one.
    Package(Listing, Option<RepoPath>),
}

impl<'a> Importer<'a> {
    /// An importer for the document at `own`: its folder, the bundle's and the repository's root, what the
    /// document itself adds to `sys.path`, and `src` folders of the roots, where packages are kept that are
    /// installed before they are used.
    pub fn new(places: &'a Places, own: &RepoPath, facts: &Facts) -> Self {
        let folder = own.parent();
        let bundle = nearest_root(&folder, places);
        let mut folders = vec![folder.clone()];
        folders.extend(facts.path_additions.iter().filter_map(|addition| addition_folder(&folder, &addition.folder)));
        folders.extend(bundle.clone());
        folders.push(RepoPath::root());
        folders.extend([bundle, Some(RepoPath::root())].into_iter().flatten().filter_map(|root| root.join("src")));
        let mut bases: Vec<Listing> = Vec::new();
        for folder in folders {
            if bases.iter().all(|base| base.folder != folder) {
                bases.push(places.list(&folder));
            }
        }
        Self { places, own: own.clone(), bases }
    }

    /// The file that `import` takes its module from. [`Resolution::Unknown`] if it is none of this repository.
    pub fn resolve(&self, facts: &Facts, import: &Import) -> Resolution {
        let module = facts.text(import.module);
        let name = import.name.map(|name| facts.text(name)).filter(|name| *name != "*");
        let found = if import.level == 0 {
            self.bases.iter().find_map(|base| self.locate(base, module, name))
        } else {
            let ups = "../".repeat(import.level.saturating_sub(1).min(64) as usize);
            let base = self.own.parent().join(&ups);
            base.and_then(|base| self.locate(&self.places.list(&base), module, name))
        };
        match found {
            Some(file) if file != self.own => Resolution::Found(file),
            _ => Resolution::Unknown,
        }
    }

    /// The dotted name that leads to the Python file `to`.
    pub fn name_of(&self, to: &RepoPath) -> Option<String> {
        let folder = self.own.parent();
        // Files of a package import one another by the package's name.
        let in_package = self.places.list(&folder).has_file(INIT);
        self.bases.iter().filter(|base| !in_package || base.folder != folder).find_map(|base| {
            let inside = match base.folder.as_str() {
                "" => to.as_str(),
                folder => to.as_str().strip_prefix(folder)?.strip_prefix('/')?,
            };
            let path = inside.strip_suffix(".py")?;
            let path = path.strip_suffix("/__init__").unwrap_or(path);
            if !path.split('/').all(is_identifier) {
                return None;
            }
            let name = path.replace('/', ".");
            let found = self.bases.iter().find_map(|base| self.locate(base, &name, None));
            (found.as_ref() == Some(to)).then_some(name)
        })
    }

    /// All files that `import` could take its module from, the one that [`Importer::resolve`] gives first: which of
    /// them it is depends on how the code is started.
    pub fn meanings(&self, facts: &Facts, import: &Import) -> Vec<RepoPath> {
        if import.level > 0 {
            return self.resolve(facts, import).file().cloned().into_iter().collect();
        }
        let module = facts.text(import.module);
        let name = import.name.map(|name| facts.text(name)).filter(|name| *name != "*");
        let mut found: Vec<RepoPath> = Vec::new();
        for file in self.bases.iter().filter_map(|base| self.locate(base, module, name)) {
            if file != self.own && !found.contains(&file) {
                found.push(file);
            }
        }
        found
    }

    /// `module` below `base`; if it is a package that has `name` as a module, that.
    fn locate(&self, base: &Listing, module: &str, name: Option<&str>) -> Option<RepoPath> {
        let mut at = Located::Package(base.clone(), None);
        for part in module.split('.').filter(|part| !part.is_empty()) {
            let Located::Package(folder, _) = &at else { return None };
            at = self.inside(folder, part)?;
        }
        let relative_root = module.is_empty();
        match at {
            Located::File(file) => Some(file),
            Located::Package(folder, init) => {
                let inner = name.and_then(|name| self.inside(&folder, name));
                match inner {
                    Some(Located::File(file) | Located::Package(_, Some(file))) => Some(file),
                    _ if relative_root => folder.has_file(INIT).then(|| folder.path(INIT)),
                    _ => init,
                }
            }
        }
    }

    /// The module or package `part` of a folder. A package with an `__init__.py` goes before a module, a module
    /// before a folder without one, as in Python.
    fn inside(&self, folder: &Listing, part: &str) -> Option<Located> {
        let mut package = None;
        if folder.kind(part) == Some(EntryKind::Folder) {
            let inner = self.places.list(&folder.path(part));
            let init = inner.has_file(INIT).then(|| inner.path(INIT));
            package = Some((inner, init));
        }
        if let Some((inner, Some(init))) = package {
            return Some(Located::Package(inner, Some(init)));
        }
        if folder.has_module(part) {
            return Some(Located::File(folder.path(&format!("{part}.py"))));
        }
        package.map(|(inner, init)| Located::Package(inner, init))
    }
}

const INIT: &str = "__init__.py";

/// The folder of this repository that an addition to `sys.path` means.
fn addition_folder(folder: &RepoPath, written: &str) -> Option<RepoPath> {
    if !written.starts_with('/') {
        return folder.join(written);
    }
    // A checkout in the workspace: what follows the repository's name.
    let path = written.strip_prefix("/Workspace").unwrap_or(written);
    let mut parts = path.split('/').skip(1);
    matches!(parts.next(), Some("Repos" | "Users")).then_some(())?;
    let rest: Vec<&str> = parts.skip(2).collect();
    RepoPath::root().join(&rest.join("/"))
}
