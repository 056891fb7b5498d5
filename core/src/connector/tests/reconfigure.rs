//! Another configuration while agents are signed in.

use super::bench::*;
use crate::connector::{Config, DriverLoss, Fact, Note};
use crate::contract::{EventFormat, Layout};
use crate::password::PasswordCodec;
use core::time::Duration;

fn plain() -> Config {
    Config::new(Layout::default(), PasswordCodec::Clear)
}

#[test]
fn events_have_the_new_form_at_once_and_agents_stay() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::User(user("READY", Some("2001"))));
    bench.events();
    let json = Config {
        event_format: EventFormat::Json,
        nodes: 9,
        ..plain()
    };
    bench.connector.reconfigure(bench.now, json);
    assert_eq!(bench.connector.nodes().count(), 1);
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    let events = bench.events();
    assert!(events.iter().any(|event| event.contains('{')), "{events:?}");
    assert_eq!(bench.connector.agents().count(), 1);
    assert!(bench.unsubscribed.is_empty());
}

#[test]
fn a_driver_is_watched_for_silence_from_the_change_on_and_no_longer_after_another() {
    let lost = |bench: &Bench| {
        let is_lost = |note: &&Note| matches!(note, Note::DriverLost { .. });
        bench.notes.iter().filter(is_lost).count()
    };
    let mut bench = Bench::new();
    bench.sign_in();
    bench.seconds(100);
    assert_eq!(lost(&bench), 0);
    let mut watched = plain();
    watched.timing.driver_silence = Some(Duration::from_secs(20));
    watched.on_driver_loss = DriverLoss::Keep;
    bench.connector.reconfigure(bench.now, watched);
    bench.seconds(19);
    assert_eq!(lost(&bench), 0);
    bench.seconds(2);
    assert_eq!(lost(&bench), 1);
    bench.command("Beat#siebel", "");
    bench.connector.reconfigure(bench.now, plain());
    bench.seconds(100);
    assert_eq!(lost(&bench), 1);
}
