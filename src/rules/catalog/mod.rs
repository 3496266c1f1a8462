//! Rules of the group `catalog`: data beside Unity Catalog.

mod bundle_files;
mod credentials;
mod metastore;
mod mounts;
mod paths;
mod uses;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("cloud-uri", paths::cloud_uri),
    ("dbfs-path", paths::dbfs_path),
    ("dbfs-uri-in-python", paths::uri_in_python),
    ("fuse-path-in-spark", paths::fuse_in_spark),
    ("hive-metastore", metastore::hive),
    ("init-script-on-dbfs", bundle_files::init_script),
    ("legacy-cloud-scheme", paths::legacy_scheme),
    ("legacy-credentials", mounts::legacy_credentials),
    ("library-on-dbfs", bundle_files::library),
    ("mount", mounts::mount),
    ("mount-path", paths::mount_path),
    ("storage-credential-in-conf", credentials::check),
    ("two-level-name", metastore::two_level),
];
