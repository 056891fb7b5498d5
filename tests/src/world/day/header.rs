//! The first bytes of a day: what the site is made of.

use std::time::Duration;

use finewire_core::agent::Platform;
use finewire_core::connector::DriverLoss;
use finewire_simulator::{Knobs, WrapUp};

use crate::world::site::Plan;
use crate::world::{Chunking, Shape, Weather};

/// Bytes that build the site.
pub const HEADER: usize = 16;

/// Knobs that may stand all day: what Finesse says stays true with them.
const HARMLESS: [&str; 16] = [
    "event_before_answer",
    "drop_request_id",
    "lower_case_event",
    "push_namespace",
    "duplicate_events",
    "shuffle_elements",
    "unknown_elements",
    "unescaped_payload",
    "escape_twice",
    "call_type_null",
    "stray_logout",
    "no_peripheral_errors",
    "ok_instead_of_accepted",
    "no_customer_participant",
    "load",
    "slow_rest",
];

/// The site that `header` builds; all zeros: a calm one with one driver.
pub(super) fn plan(header: [u8; HEADER]) -> Plan {
    let [
        s0,
        s1,
        s2,
        s3,
        weather_kind,
        drivers,
        twice,
        wrap_up,
        config,
        knobs_low,
        knobs_high,
        slow,
        loss,
        ring,
        ..,
    ] = header;
    let seconds = Duration::from_secs;
    let is = |byte: u8, bit: u8| byte & (1 << bit) != 0;
    let shape = Shape {
        platform: if is(config, 0) {
            Platform::Uccx
        } else {
            Platform::Ucce
        },
        has_second_broker: is(twice, 1),
        has_second_connector: is(twice, 2),
        wrap_up: match wrap_up % 3 {
            0 => WrapUp::NotAllowed,
            1 => WrapUp::Optional(seconds(20)),
            _ => WrapUp::Required(seconds(5)),
        },
        require_reason: is(config, 1),
        ring: seconds(if ring % 2 == 0 { 3600 } else { 12 }),
        forced_sign_out: seconds(60),
        is_json: Some(is(config, 2)),
        connect_status: is(config, 3),
        driver_loss: (
            is(loss, 2).then_some(seconds(90)),
            match loss % 3 {
                0 => DriverLoss::Keep,
                1 => DriverLoss::NotReady,
                _ => DriverLoss::Logout,
            },
        ),
        return_after: is(config, 4).then_some(seconds(30)),
    };
    Plan {
        weather: weather(weather_kind),
        knobs: knobs(knobs_low, knobs_high, slow),
        drivers: 1 + usize::from(drivers % 3),
        has_second_node: is(twice, 0),
        shape,
        ..Plan::calm(u64::from(u32::from_le_bytes([s0, s1, s2, s3])))
    }
}

/// How the network is, by one byte.
pub(super) fn weather(kind: u8) -> Weather {
    let millis = Duration::from_millis;
    match kind % 6 {
        0 => Weather::calm(),
        1 | 2 => Weather::stormy(),
        3 => Weather::calm().cut_into(Chunking::Bytes),
        // Links overtake one another by far.
        4 => Weather {
            latency_max: millis(700),
            ..Weather::stormy()
        },
        _ => Weather {
            latency_min: millis(50),
            latency_max: millis(120),
            ..Weather::stormy().cut_into(Chunking::Whole)
        },
    }
}

/// Which knobs are turned, by sixteen bits and the length of a delay.
pub(super) fn knobs(low: u8, high: u8, slow: u8) -> Knobs {
    let bits = u16::from_le_bytes([low, high]);
    let mut knobs = Knobs::default();
    for (name, bit) in HARMLESS.iter().zip(0..) {
        if bits & (1 << bit) != 0 {
            let value = match *name {
                "slow_rest" => format!("{}ms", u32::from(slow) * 10),
                _ => "on".to_owned(),
            };
            knobs.set(name, &value).expect("a knob");
        }
    }
    if slow > 200 {
        knobs.late_errors = Some(Duration::from_millis(u64::from(slow - 200) * 50));
    }
    knobs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_a_calm_site() {
        let plan = plan([0; HEADER]);
        assert_eq!(format!("{plan:?}"), {
            let mut calm = Plan::calm(0);
            calm.shape.is_json = Some(false);
            format!("{calm:?}")
        });
    }

    #[test]
    fn ones_turn_every_harmless_knob() {
        let knobs = knobs(255, 255, 255);
        for name in HARMLESS {
            assert_ne!(knobs.position(name).as_deref(), Some("off"), "{name}");
        }
    }
}
