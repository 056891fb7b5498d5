//! A configuration for the desk: what the connector decides by, without secrets and without the site's files.

use super::effective::{Row, quoted, show};
use super::redact::mask;
use super::schema::Change;

/// Tables of which the connector's machine knows nothing.
const NOT_THE_MACHINES: [&str; 4] = ["monitor.", "log.", "record.", "broker.embedded."];
/// Keys that name secrets or files, or that are written anew.
const REPLACED: [&str; 7] = [
    "broker.url",
    "broker.listen",
    "broker.user",
    "driver.use_secure_password",
    "driver.iv",
    "driver.encoding",
    "driver.time_zone",
];

/// The rows as the text of a configuration that needs no file and holds no secret; the broker is at `broker`, or where
/// they say.
pub(crate) fn replayable(rows: &[Row], broker: Option<&str>) -> String {
    let written = |path: &str, value: String| Row {
        path: path.into(),
        value: Some(value),
        origin: "recording".into(),
        change: Change::Restart,
        secret: None,
    };
    let kept = |row: &&Row| {
        row.value.is_some()
            && row.origin != "default"
            && !NOT_THE_MACHINES
                .iter()
                .any(|table| row.path.starts_with(table))
            && !REPLACED.contains(&row.path.as_str())
            && !row.path.ends_with("_file")
            && !row.path.ends_with(".fingerprint")
    };
    let configured = rows.iter().find(|row| row.path == "broker.url");
    let configured = configured.and_then(|row| row.value.clone());
    let broker = broker.map(|broker| quoted(&mask(broker))).or(configured);
    let mut all = vec![
        written("broker.url", broker.unwrap_or_default()),
        written("driver.use_secure_password", "false".into()),
    ];
    all.extend(rows.iter().filter(kept).cloned());
    // A table is written once.
    all.sort_by(|one, other| table(&one.path).cmp(table(&other.path)));
    show(&all)
}

fn table(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(table, _)| table)
}

#[cfg(test)]
mod tests {
    use super::super::reading::{check, check_text};
    use super::*;
    use std::path::Path;

    #[test]
    fn what_is_left_can_be_read_and_decides_the_same_without_a_secret() {
        let text = "[broker]\nurl = \"failover:(tcp://a:1,ssl://b:2)?jms.userName=u&jms.password=hunter2\"\npriority = 100\n\
                    [[finesse.node]]\nhost = \"f\"\nfingerprint = \"FP\"\n[[finesse.node]]\nhost = \"g\"\n\
                    security = \"plain\"\nallow_plaintext = true\n\
                    [driver]\nuse_secure_password = false\nevent_format = \"json\"\n\
                    [timing]\ncommand = \"7s\"\n[layout.events.State]\nname = \"AgentState\"\n";
        let text = text.replace("FP", &"ab".repeat(32));
        let checked = check(Path::new("c.toml"), &text, &[]).unwrap();
        let found = replayable(&checked.rows, None);

        assert!(
            !found.contains("hunter2") && !found.contains("fingerprint"),
            "{found}"
        );
        let again = check_text(Path::new("recording"), &found).unwrap().settings;
        let before = checked.settings;
        assert_eq!(
            (again.priority, again.event_format),
            (before.priority, before.event_format)
        );
        assert_eq!((again.nodes.len(), again.nodes[1].is_plain), (2, true));
        assert!(again.layout.event_named("AgentState").is_some());
        assert_eq!(
            format!("{:?}", again.tuning),
            format!("{:?}", before.tuning)
        );
    }
}
