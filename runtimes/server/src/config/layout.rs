//! `[layout]`: what a trace of the site's drivers shows otherwise than documented.
//!
//! Every key is optional; what is not named stays as documented. The table is described beside
//! [`Layout`] in finewire-core, file `LAYOUT.md`.

mod changes;
mod edits;
mod place;

use super::fault::Faults;
use changes::Changes;
use finewire_core::contract::Layout;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// `[layout]` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Table {
    commands: BTreeMap<Spanned<String>, CommandRow>,
    events: BTreeMap<Spanned<String>, Row>,
    items: BTreeMap<Spanned<String>, Row>,
    json: Json,
    words: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    error_codes: BTreeMap<Spanned<String>, Spanned<String>>,
    call_types: BTreeMap<Spanned<String>, Spanned<String>>,
    limits: BTreeMap<Spanned<String>, Spanned<i64>>,
    replacement: Option<Spanned<String>>,
}

/// `[layout.commands.<verb>]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CommandRow {
    name: Option<Spanned<String>>,
    parameters: Option<Spanned<Vec<Spanned<String>>>>,
    optional: Option<Spanned<Vec<Spanned<String>>>>,
    rest: Option<Spanned<String>>,
}

/// `[layout.events.<event>]`, and `[layout.items.<item>]`, which has no name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Row {
    name: Option<Spanned<String>>,
    fields: Option<Spanned<Vec<Spanned<String>>>>,
    labels: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[layout.json]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Json {
    type_key: Option<Spanned<String>>,
    events: BTreeMap<Spanned<String>, JsonRow>,
    items: BTreeMap<Spanned<String>, JsonRow>,
}

/// `[layout.json.events.<event>]` and `[layout.json.items.<item>]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct JsonRow {
    fields: Option<Spanned<Vec<Spanned<String>>>>,
    keys: BTreeMap<Spanned<String>, Spanned<String>>,
    optional: Option<Spanned<Vec<Spanned<String>>>>,
}

/// The documented layout with the table's changes; `None` when something was noted.
pub(super) fn check(table: &Table, faults: &mut Faults) -> Option<Layout> {
    let mut changes = Changes::new(faults);
    changes.read(table);
    changes.blame();
    changes.into_layout()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write as _;
    use finewire_core::agent::Text;
    use finewire_core::contract::{Event, EventFormat, EventKind, TimeFormat, Verb};
    use std::path::Path;

    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        layout: Table,
    }

    fn read(text: &str) -> Result<Layout, String> {
        let mut faults = Faults::new(Path::new("c.toml"), text);
        let file: File = match toml::from_str(text) {
            Ok(file) => file,
            Err(e) => {
                faults.add(e.span().unwrap_or(0..0), e.message(), "");
                return Err(faults.to_string());
            }
        };
        let layout = check(&file.layout, &mut faults);
        faults
            .into_result(layout)
            .map_err(|faults| faults.to_string())
    }

    fn faults(text: &str) -> String {
        read(text).unwrap_err()
    }

    fn name(layout: &Layout, verb: Verb) -> String {
        layout.command(verb).unwrap().name.to_string()
    }

    #[test]
    fn without_a_table_everything_is_as_documented() {
        assert_eq!(read(""), Ok(Layout::default()));
        assert_eq!(read("[layout]"), Ok(Layout::default()));
    }

    #[test]
    fn a_label_from_a_sites_trace_is_corrected_in_one_line() {
        let layout =
            read("[layout.events.ReasonCodes]\nlabels = { codes = \"reasonCodes\" }").unwrap();
        let event = Event::ReasonCodes {
            category: finewire_core::contract::ReasonCategory::Logout,
            reasons: vec![("7".into(), "Home".into())],
        };

        let text = event.format(&"1001".into(), &layout, &TimeFormat::UTC);

        assert_eq!(text, "1001#ReasonCodes#LOGOUT#reasonCodes:7#labels:Home");
    }

    #[test]
    fn everything_that_a_layout_holds_can_be_changed() {
        let layout = read(
            r##"
[layout]
replacement = "_"
[layout.commands.transfer_SST]
name = "SingleStep"
parameters = ["dialog", "number"]
[layout.commands.UpdateWrapup]
parameters = ["wrapUpLabel", "dialog"]
rest = ""
[layout.commands.GetTeamUsers]
optional = []
[layout.events.error]
name = "Fault"
fields = ["text", "empty", "code"]
labels = { code = "Code" }
[layout.events.InboundCall]
labels = { dialog = "" }
[layout.items.team]
fields = ["teamName"]
[layout.json]
type_key = "event"
[layout.json.events.Error]
fields = ["code", "to"]
keys = { to = "agent" }
optional = ["code"]
[layout.json.items.team]
keys = { teamName = "teamName" }
[layout.words]
connected = "OK"
call_variables = ["callVariable1"]
[layout.error_codes]
timeout = "GENERAL_ERROR"
CF_ODD = "GENERAL_ERROR"
[layout.call_types]
supervisor_monitor = "MONITOR"
OUT = "OUTGOING"
[layout.limits]
items = 7
"##,
        )
        .unwrap();

        assert_eq!(layout.replacement, '_');
        assert_eq!(name(&layout, Verb::TransferSst), "SingleStep");
        let row = |verb| layout.command(verb).unwrap();
        assert_eq!(
            row(Verb::TransferSst).parameters[0].parameter.name(),
            "dialog"
        );
        let slots = &row(Verb::UpdateWrapup).parameters;
        assert_eq!(slots[0].parameter.name(), "wrapUpLabel");
        assert!(slots.iter().all(|slot| !slot.takes_rest));
        assert!(
            row(Verb::GetTeamUsers)
                .parameters
                .iter()
                .all(|slot| !slot.is_optional)
        );
        let error = Event::error(finewire_core::contract::ErrorCode::Timeout, "a#b");
        let text = error.format(&"1001".into(), &layout, &TimeFormat::UTC);
        assert_eq!(text, "1001#Fault#a_b##Code:GENERAL_ERROR");
        let json = error.format_as(EventFormat::Json, &"1001".into(), &layout, &TimeFormat::UTC);
        assert_eq!(
            json.text,
            r#"{"event":"Fault","code":"GENERAL_ERROR","agent":"1001"}"#
        );
        assert!(layout.json.event(EventKind::Error)[0].is_optional);
        assert_eq!(
            layout.event(EventKind::InboundCall).unwrap().fields[1].label,
            None
        );
        assert_eq!(layout.team.len(), 1);
        assert_eq!(layout.json.items[1].keys[1].key, "teamName");
        assert_eq!(layout.words.connected, "OK");
        assert_eq!(layout.words.call_variables, [Text::from("callVariable1")]);
        let call_type = |word: &str| layout.call_type(&word.into()).to_string();
        assert_eq!(call_type("SUPERVISOR_MONITOR"), "MONITOR");
        assert_eq!(call_type("out"), "OUTGOING");
        assert_eq!(call_type("SILENT_MONITOR"), "SM");
        assert_eq!(layout.limits.items, 7);
    }

    #[test]
    fn names_may_change_places() {
        let layout =
            read("[layout.commands]\nHello.name = \"Beat\"\nBeat.name = \"Hello\"").unwrap();

        assert_eq!(
            (name(&layout, Verb::Hello), name(&layout, Verb::Beat)).0,
            "Beat"
        );
        assert_eq!(layout.check(), Ok(()));
    }

    #[test]
    fn what_is_unknown_is_shown_at_its_place_with_what_there_is() {
        let cases = [
            (
                "[layout.commands]\nLogon.name = \"x\"",
                "c.toml:2:1: there is no command \"Logon\"",
            ),
            (
                "[layout.events.Stat]\nname = \"x\"",
                "c.toml:1:16: there is no event \"Stat\"",
            ),
            (
                "[layout.items.crew]\nfields = []",
                "c.toml:1:15: there is no item \"crew\"",
            ),
            (
                "[layout.words]\nhallo = \"x\"",
                "c.toml:2:1: there is no word \"hallo\"",
            ),
            (
                "[layout.limits]\nsize = 1",
                "c.toml:2:1: there is no limit \"size\"",
            ),
            (
                "[layout.error_codes]\nLATE = \"x\"",
                "c.toml:2:1: there is no error code \"LATE\"",
            ),
            (
                "[layout.events.State]\nfields = [\"state\", \"colour\"]",
                "c.toml:2:20: there is no field \"colour\"",
            ),
            (
                "[layout.commands.Login]\nparameters = [\"colour\"]",
                "c.toml:2:15: there is no parameter \"colour\"",
            ),
            ("[layout]\ncolour = 1", "c.toml:2:1: unknown field `colour`"),
            (
                "[layout.events.State]\ncolour = 1",
                "c.toml:2:1: unknown field `colour`",
            ),
        ];
        for (text, expected) in cases {
            let found = faults(text);

            assert!(found.starts_with(expected), "{expected} in {found}");
            let has_hint = found.contains("hint: one of ") || found.contains("expected one of");
            assert!(has_hint && found.contains('^'), "{found}");
        }
    }

    #[test]
    fn what_is_impossible_is_shown_at_the_change_that_makes_it_so() {
        let cases = [
            (
                "[layout]\nreplacement = \"#\"",
                "c.toml:2:15: '#' cannot replace",
            ),
            (
                "[layout]\nreplacement = \"--\"",
                "c.toml:2:15: the replacement must be one",
            ),
            (
                "[layout.commands]\nLogin.name = \"LOGON\"\nBeat.name = \"logon\"",
                "c.toml:2:14: the name \"logon\" is used twice",
            ),
            (
                "[layout.commands.Login]\nparameters = [\"password\"]",
                "c.toml:2:14: Login cannot do without the extension",
            ),
            (
                "[layout.commands.Login]\nparameters = [\"password\", \"team\"]",
                "c.toml:2:14: Login has no team id",
            ),
            (
                "[layout.events.State]\nfields = [\"agent\"]",
                "c.toml:2:10: State cannot do without the field \"state\"",
            ),
            (
                "[layout.events.State]\nfields = [\"state\", \"queueName\"]",
                "c.toml:2:10: State has no field \"queueName\"",
            ),
            (
                "[layout.events.State]\nlabels = { state = \"a:b\" }",
                "c.toml:2:20: \"a:b\" cannot be a name",
            ),
            (
                "[layout.events.Error]\nfields = [\"code\"]\nlabels = { text = \"T\" }",
                "c.toml:3:12: the field \"text\" is not among the event's",
            ),
            (
                "[layout.json.events.Error]\nkeys = { text = \"CODE\" }",
                "c.toml:2:17: the key \"code\" stands twice",
            ),
            (
                "[layout.words]\nyes = \"false\"",
                "c.toml:2:7: the name \"false\" is used twice",
            ),
            ("[layout.words]\nyes = 1", "c.toml:2:7: not a word"),
            (
                "[layout.words]\ncall_variables = [1]",
                "c.toml:2:18: not a list of names",
            ),
            (
                "[layout.limits]\nitems = 0",
                "c.toml:2:9: the limit items leaves no room",
            ),
            ("[layout.limits]\nitems = -1", "c.toml:2:9: not between"),
            (
                "[layout.items.team]\nname = \"x\"",
                "c.toml:2:8: an item has no name",
            ),
            (
                "[layout.events]\nState.name = \"x\"\nstate.name = \"y\"",
                "c.toml:3:1: \"state\" is given twice",
            ),
        ];
        for (text, expected) in cases {
            let found = faults(text);

            assert!(found.starts_with(expected), "{expected} in {found}");
            assert!(found.ends_with("1 error in c.toml"), "{found}");
        }
    }

    #[test]
    fn all_faults_come_at_once() {
        let found = faults(
            "[layout.commands]\nLogin.name = \"a#\"\nLogout.name = \"b#\"\nJuggle.name = \"x\"\n\
             [layout.words]\nani = \"=\"\n",
        );

        assert!(found.ends_with("4 errors in c.toml"), "{found}");
        for line in ["c.toml:2:", "c.toml:3:", "c.toml:4:", "c.toml:6:"] {
            assert!(found.contains(line), "{line} in {found}");
        }
    }

    #[test]
    fn every_name_that_is_documented_can_be_used() {
        let documented = Layout::default();
        let mut text = String::new();
        for row in &documented.commands {
            let names: Vec<_> = row
                .parameters
                .iter()
                .map(|slot| slot.parameter.name())
                .collect();
            let _ = writeln!(
                text,
                "[layout.commands.{}]\nname = \"{}\"\nparameters = {names:?}",
                row.name, row.name
            );
        }
        for row in documented.events.iter() {
            let names: Vec<_> = row.fields.iter().map(|slot| slot.field.name()).collect();
            let _ = writeln!(
                text,
                "[layout.events.{}]\nname = \"{}\"\nfields = {names:?}",
                row.name, row.name
            );
            let keys = documented.json.event(row.kind);
            let names: Vec<_> = keys.iter().map(|key| key.field.name()).collect();
            let _ = writeln!(
                text,
                "[layout.json.events.{}]\nfields = {names:?}",
                row.name
            );
        }
        for item in finewire_core::contract::Item::ALL {
            let names: Vec<_> = documented
                .item(*item)
                .iter()
                .map(|slot| slot.field.name())
                .collect();
            let _ = writeln!(text, "[layout.items.{}]\nfields = {names:?}", item.name());
        }

        assert_eq!(read(&text), Ok(documented));
    }

    #[test]
    fn the_examples_of_the_documents_are_read() {
        let page = include_str!("../../../../core/src/contract/LAYOUT.md");
        let mut count = 0;
        for example in page.split("```toml\n").skip(1) {
            let text = example.split("```").next().unwrap();
            if let Err(faults) = read(text) {
                panic!("{faults}");
            }
            count += 1;
        }
        assert!(count >= 3, "{count} examples");
    }
}
