//! The codes of log lines. A code is given once and never to another thing; `docs/LOGS.md` says of each what
//! it means and what to do.
//!
//! 10xx the program, 11xx the embedded broker, 12xx links, 13xx service, 14xx agents and commands, 15xx
//! the monitor, 17xx the simulator, 19xx details for who looks for a fault.

/// Declares the codes with the list of all.
macro_rules! codes {
    ($($(#[$attribute:meta])* $name:ident = $code:literal,)*) => {
        $($(#[$attribute])* pub(crate) const $name: &str = $code;)*

        /// All of them.
        #[cfg(test)]
        pub(super) const ALL: &[&str] = &[$($code),*];
    };
}

codes! {
    STOPPING = "FW-1001",
    STOPPED_AT_ONCE = "FW-1002",
    STOPPED_IN_DISORDER = "FW-1003",
    TASK_BROKEN = "FW-1004",
    OPTION_WITHOUT_MEANING = "FW-1005",
    SECRET_READABLE = "FW-1006",
    LISTENING_ENDED = "FW-1007",
    CONNECTOR_ENDED = "FW-1008",
    DRIVER_LEFT_AS_IT_IS = "FW-1009",
    WATCHDOG_UNFED = "FW-1010",
    NOTICE_LOST = "FW-1011",
    CONFIGURATION_DOUBTFUL = "FW-1012",
    CONFIGURATION_APPLIED = "FW-1013",
    CONFIGURATION_KEPT = "FW-1014",
    CONFIGURATION_READ = "FW-1015",
    CONFIGURATION_UNREADABLE = "FW-1016",
    RECORDING_BEGUN = "FW-1017",
    RECORDING_FULL = "FW-1018",
    RECORDING_BROKEN = "FW-1019",
    #[cfg_attr(not(windows), expect(dead_code, reason = "only Windows has such services"))]
    SERVICE_FAILED = "FW-1020",
    BROKER_CLIENT_CAME = "FW-1101",
    BROKER_CLIENT_LEFT = "FW-1102",
    BROKER_CLIENT_TURNED_AWAY = "FW-1103",
    BROKER_COMMAND_REFUSED = "FW-1104",
    BROKER_UNSENDABLE = "FW-1105",
    BROKER_SLOW_CONSUMER = "FW-1106",
    BROKER_PRODUCER_HELD_UP = "FW-1107",
    LINK_UP = "FW-1201",
    LINK_CLOSED = "FW-1202",
    LINK_DOWN = "FW-1203",
    LINK_GIVEN_UP = "FW-1204",
    QUEUE_LOST = "FW-1205",
    QUEUE_TAKEN_OVER = "FW-1206",
    IN_SERVICE = "FW-1301",
    OUT_OF_SERVICE = "FW-1302",
    FINESSE_IN_SERVICE = "FW-1303",
    FINESSE_OUT_OF_SERVICE = "FW-1304",
    AGENT_CONNECTED = "FW-1401",
    AGENT_SIGNED_IN = "FW-1402",
    AGENT_SIGNED_OUT = "FW-1403",
    AGENT_STALE = "FW-1404",
    COMMAND_FAILED = "FW-1405",
    COMMAND_DROPPED = "FW-1406",
    COMMAND_DONE = "FW-1407",
    DRIVER_LOST = "FW-1408",
    MONITOR_CANNOT_ACCEPT = "FW-1501",
    MONITOR_DETAIL = "FW-1502",
    OPERATOR_ACTED = "FW-1503",
    AUDIT_LOST = "FW-1504",
    LEVEL_BACK = "FW-1505",
    LEVEL_STUCK = "FW-1506",
    MESSAGE = "FW-1507",
    SIMULATOR_CALL = "FW-1701",
    SIMULATOR_AGENT_STATE = "FW-1702",
    SIMULATOR_STREAM = "FW-1703",
    SIMULATOR_STEP_IMPOSSIBLE = "FW-1704",
    SIMULATOR_AGENT_TWICE = "FW-1705",
    SIMULATOR_DETAIL = "FW-1706",
    DETAIL = "FW-1901",
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use std::collections::BTreeSet;
    use std::path::Path;

    const PAGE: &str = include_str!("../../docs/LOGS.md");

    /// The codes that have a section of their own on the page, in its order.
    fn explained() -> Vec<&'static str> {
        let headings = PAGE.lines().filter_map(|line| line.strip_prefix("### "));
        headings
            .filter_map(|text| text.split_whitespace().next())
            .collect()
    }

    #[test]
    fn every_code_is_explained_once_and_nothing_else_is() {
        let explained = explained();
        let page: BTreeSet<_> = explained.iter().copied().collect();
        let source: BTreeSet<_> = ALL.iter().copied().collect();
        assert_eq!(page, source);
        assert_eq!((explained.len(), ALL.len()), (page.len(), source.len()));
        assert!(explained.is_sorted(), "{explained:?}");
    }

    #[test]
    fn every_explanation_says_what_to_do() {
        for section in PAGE.split("\n### ").skip(1) {
            let section = section.split("\n## ").next().unwrap_or_default();
            let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
            assert!(
                heading.split_whitespace().count() >= 2,
                "{heading}: no title"
            );
            assert!(text.contains("What to do:"), "{heading}: nothing to do");
        }
    }

    #[test]
    fn every_line_that_the_program_logs_has_a_code() {
        let mut without = Vec::new();
        look(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut without,
        );
        assert!(without.is_empty(), "{without:#?}");
    }

    fn look(folder: &Path, without: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, without);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for level in ["error", "warn", "info", "debug", "trace"] {
                    for (at, _) in text.match_indices(&format!("tracing::{level}!(")) {
                        let call = &text[at..text.len().min(at + 200)];
                        let arguments = call
                            .split_once('(')
                            .map_or("", |(_, rest)| rest)
                            .trim_start();
                        let arguments = arguments
                            .strip_prefix("target: levels::ASKED,")
                            .map_or(arguments, str::trim_start);
                        if !arguments.starts_with("code = codes::") {
                            without.push(format!("{}: {}", path.display(), call));
                        }
                    }
                }
            }
        }
    }
}
