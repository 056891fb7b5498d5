//! Bodies of fuzz targets: whatever the bytes, no panic and no run without an end.

use core::time::Duration;

use finewire_core::machine::{CommandId, Input, Instant, Machine, Output, UnixMillis};

use crate::config::Config;
use crate::machine::Simulator;
use crate::scenario::Scenario;
use crate::verbs::Command;

/// A scenario as text, played to its end or for a while.
pub fn scenario(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let scenario: Scenario = match text.parse() {
        Ok(scenario) => scenario,
        Err(fault) => {
            assert!(format!("{fault}").len() < 1024, "errors are short");
            return;
        }
    };
    let mut simulator = Simulator::new(Config::new(), [7; 32]);
    let mut now = Instant::START;
    simulator.handle_input(now, Input::Wall(UnixMillis(1_704_067_200_000)));
    simulator.handle_input(now, Input::Command(CommandId(1), Command::Play(scenario)));
    let mut ends = 0;
    for _ in 0..200 {
        let due = loop {
            match simulator.poll_output() {
                Output::Wait(due) => break due,
                Output::Ended(..) => ends += 1,
                _ => {}
            }
        };
        assert!(ends <= 1, "a command ends once");
        match due {
            Some(due) => {
                assert!(due > now, "a deadline lies ahead");
                now = due;
            }
            None => now += Duration::from_secs(1),
        }
        simulator.handle_timeout(now);
    }
    assert_eq!(ends, 1, "a command ends once");
}
