//! Rules of the group `packages`: what is installed, and when.

mod command;
mod magics;
mod order;
mod shell;
mod versions;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("conda-magic", magics::conda),
    ("late-pip", order::late),
    ("pip-after-import", order::after_import),
    ("pip-changes-ipython", magics::core_package),
    ("pip-conflict", versions::conflict),
    ("pip-file-missing", magics::file_missing),
    ("pip-in-subprocess", shell::subprocess),
    ("pip-installs-pyspark", magics::pyspark),
    ("pip-repeats-environment", versions::repeats_environment),
    ("pip-uninstall-asks", magics::uninstall),
    ("shell-pip", shell::magic),
    ("unpinned-pip", versions::unpinned),
];
