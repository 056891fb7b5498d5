//! What each sub-command does.

pub(crate) mod broker;
pub(crate) mod check_config;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod driver;
pub(crate) mod monitor;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod support_bundle;
