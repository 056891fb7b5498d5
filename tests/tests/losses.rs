//! Links that break at every step of the main job: whatever breaks when, every command still ends
//! once, and pressing the button again gets the work done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use finewire_core::agent::ParticipantState;
use finewire_core::contract::Command as C;
use finewire_tests::world::site::{PORTS, Plan, Site, tell};
use finewire_tests::world::{Network, PipeId};

/// A kind of link: who opens it to which port.
#[derive(Clone, Copy, Debug)]
struct Road {
    client: &'static str,
    port: u16,
}

const ROADS: [Road; 4] = [
    Road {
        client: "driver",
        port: PORTS[0],
    },
    Road {
        client: "connector",
        port: PORTS[0],
    },
    Road {
        client: "connector",
        port: PORTS[1],
    },
    Road {
        client: "connector",
        port: PORTS[2],
    },
];

impl Road {
    fn pipes(self, net: &Network) -> Vec<PipeId> {
        let mut pipes = net.pipes();
        pipes.retain(|pipe| pipe.port == self.port && pipe.client.starts_with(self.client));
        pipes.into_iter().map(|pipe| pipe.id).collect()
    }
}

/// Runs the main job once for every `stride`-th of its steps and hurts the road there; `recovery`
/// seconds later all must know the same again.
fn hurt_at_every_step(road: Road, stride: u64, recovery: u64, hurt: fn(&mut Network, PipeId)) {
    let last = Site::begun(&Plan::calm(7)).do_main_job();
    let recovery = Duration::from_secs(recovery);
    let plan = Plan {
        recovery,
        ..Plan::calm(7)
    };
    let mut ran = 0;
    for step in (1..=last).step_by(usize::try_from(stride).unwrap()) {
        let mut site = Site::begun(&plan);
        site.net.at_step(step, move |net| {
            for pipe in road.pipes(net) {
                hurt(net, pipe);
            }
        });
        let result = catch_unwind(AssertUnwindSafe(|| site.do_main_job()));
        assert!(result.is_ok(), "{road:?} hurt at step {step} of {last}");
        ran += 1;
    }
    assert!(ran > 10, "{ran} steps are no job");
}

#[test]
fn the_drivers_link_is_cut_at_every_step() {
    hurt_at_every_step(ROADS[0], 1, 6, Network::cut);
}

#[test]
fn the_connectors_link_to_the_broker_is_cut_at_every_step() {
    hurt_at_every_step(ROADS[1], 1, 6, Network::cut);
}

#[test]
fn the_rest_links_are_cut_at_every_step() {
    hurt_at_every_step(ROADS[2], 1, 6, Network::cut);
}

#[test]
fn the_notification_link_is_cut_at_every_step() {
    hurt_at_every_step(ROADS[3], 1, 6, Network::cut);
}

#[test]
fn any_link_breaks_so_that_only_its_opener_learns_it() {
    for road in ROADS {
        hurt_at_every_step(road, 7, 60, Network::half_open);
    }
}

#[test]
fn any_link_breaks_so_that_nobody_learns_it() {
    for road in ROADS {
        hurt_at_every_step(road, 11, 120, Network::lose);
    }
}

#[test]
fn any_link_stands_still_for_a_while() {
    for road in ROADS {
        hurt_at_every_step(road, 11, 90, |net, pipe| {
            net.stall(pipe);
            let on = net.steps() + 40;
            net.at_step(on, move |net| net.flow(pipe));
        });
    }
}

#[test]
fn a_broker_that_is_away_for_a_minute_is_come_back_to() {
    let mut site = Site::calm();
    site.be_ready(1);
    site.net.refuse("broker.test", PORTS[0]);
    for road in &ROADS[..2] {
        for pipe in road.pipes(&site.net) {
            site.net.cut(pipe);
        }
    }
    site.place_call(1);
    site.net.run_for(Duration::from_secs(60));
    site.net.admit("broker.test", PORTS[0]);

    site.settle();

    // The call came while nobody could be told: it is told afterwards.
    assert_eq!(site.true_calls(1).len(), 1);
    assert!(site.own_party(1).is_some());
    site.check_quiet();
}

#[test]
fn a_connector_that_restarts_is_told_everything_again_by_its_drivers() {
    let mut site = Site::calm();
    site.be_ready(1);
    let dialog = site.ring(1);

    site.restart_connector();
    site.net.run_for(Duration::from_secs(60));
    site.check_quiet();
    assert_eq!(site.own_party(1), Some(ParticipantState::Alerting));
    site.expect_done(tell(1, C::AnswerCall { dialog }));

    site.settle();
    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    site.check_quiet();
}

#[test]
fn a_broker_that_restarts_is_come_back_to() {
    let mut site = Site::calm();
    site.be_ready(1);

    site.restart_broker();
    site.net.run_for(Duration::from_secs(20));
    let dialog = site.ring(1);
    site.expect_done(tell(1, C::AnswerCall { dialog }));

    site.settle();
    site.check_quiet();
}
