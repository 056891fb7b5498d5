//! Timers come when they are due, not at some later tick.

use core::time::Duration;
use finewire_core::machine::{Input, Instant, Machine, Output};
use finewire_tokio::Options;

const TIMERS: u32 = 200;

/// Waits a millisecond at a time, then says so.
struct Ticking {
    left: u32,
    deadline: Instant,
    is_told: bool,
}

impl Machine for Ticking {
    type Command = ();
    type Event = ();

    fn handle_input(&mut self, _now: Instant, _input: Input<'_, ()>) {}

    fn handle_timeout(&mut self, now: Instant) {
        if self.left > 0 && now >= self.deadline {
            self.left -= 1;
            self.deadline = now + Duration::from_micros(700);
        }
    }

    fn poll_output(&mut self) -> Output<()> {
        if self.left > 0 {
            return Output::Wait(Some(self.deadline));
        }
        if core::mem::replace(&mut self.is_told, true) {
            return Output::Wait(None);
        }
        Output::Event(())
    }
}

#[tokio::test]
async fn two_hundred_timers_of_a_millisecond_take_well_under_four_seconds() {
    let machine = Ticking {
        left: TIMERS,
        deadline: Instant::START,
        is_told: false,
    };
    let (_handle, mut events, _task) = finewire_tokio::spawn(machine, Options::default());

    let all = tokio::time::timeout(Duration::from_secs(4), events.next()).await;

    assert_eq!(all, Ok(Some(())));
}
