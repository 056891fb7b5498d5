//! From a seed to a day: people follow the flows of the contract, and things break in between.

use finewire_core::machine::Random;

use super::{Deed, HEADER};

use Deed as D;

/// The flows of the contract: what one agent does after another, the first one being "me".
const FLOWS: &[&[(u8, Deed)]] = &[
    // A call from beginning to end.
    &[
        (0, D::Ready),
        (0, D::CustomerCalls),
        (0, D::Answer),
        (0, D::Hold),
        (0, D::Retrieve),
        (0, D::Dtmf),
        (0, D::CallData),
        (0, D::WrapUp),
        (0, D::DialogControls),
        (0, D::Release),
    ],
    // A consult that becomes a transfer.
    &[
        (0, D::Ready),
        (0, D::CustomerCalls),
        (0, D::Answer),
        (0, D::Consult),
        (1, D::Answer),
        (0, D::Transfer),
        (1, D::DialogState),
        (1, D::Release),
    ],
    // A consult that becomes a conference, of which one leaves.
    &[
        (0, D::Ready),
        (0, D::CustomerCalls),
        (0, D::Answer),
        (0, D::Consult),
        (1, D::Answer),
        (0, D::Conference),
        (0, D::CallData),
        (0, D::Release),
        (1, D::Release),
    ],
    // A consult that comes to nothing.
    &[
        (0, D::Ready),
        (0, D::CustomerCalls),
        (0, D::Answer),
        (0, D::Consult),
        (1, D::Answer),
        (1, D::Release),
        (0, D::Retrieve),
        (0, D::CustomerLeaves),
    ],
    &[
        (0, D::Ready),
        (0, D::CustomerCalls),
        (0, D::Answer),
        (0, D::TransferSst),
        (1, D::Answer),
        (1, D::Release),
    ],
    // Wrap-up.
    &[
        (0, D::Ready),
        (0, D::CustomerCalls),
        (0, D::Answer),
        (0, D::WorkReady),
        (0, D::WrapUp),
        (0, D::Release),
        (0, D::Wait),
        (0, D::WorkNotReady),
        (0, D::NotReady),
    ],
    // Out of one's own accord.
    &[
        (0, D::MakeCall),
        (1, D::Answer),
        (0, D::Hold),
        (0, D::Retrieve),
        (0, D::Record),
        (0, D::Release),
    ],
    // A supervisor listens, joins, throws out, and changes states.
    &[
        (0, D::FollowTeam),
        (0, D::Ready),
        (0, D::CustomerCalls),
        (0, D::Answer),
        (0, D::Monitor),
        (0, D::BargeIn),
        (0, D::DropParty),
        (0, D::EndMonitor),
        (0, D::Release),
        (0, D::ChangeMember),
    ],
    &[
        (0, D::Ready),
        (0, D::CustomerCalls),
        (0, D::Answer),
        (0, D::Monitor),
        (0, D::EndMonitor),
        (0, D::Release),
    ],
    &[
        (0, D::FollowTeam),
        (0, D::ChangeMember),
        (1, D::ChangeMember),
        (0, D::GetState),
    ],
    // A campaign.
    &[
        (0, D::Ready),
        (0, D::OfferPreview),
        (0, D::Accept),
        (0, D::Wait),
        (0, D::Release),
    ],
    &[(0, D::Ready), (0, D::OfferPreview), (0, D::Reject)],
    &[(0, D::Ready), (0, D::OfferPreview), (0, D::CloseCall)],
    &[(0, D::List), (0, D::List), (0, D::List), (0, D::GetState)],
    &[
        (0, D::NotReady),
        (0, D::NotReadyWithReason),
        (0, D::Ready),
        (0, D::NotReady),
    ],
    // Leaving, in every way, and coming back.
    &[(0, D::NotReady), (0, D::Logout), (0, D::Login)],
    &[
        (0, D::NotReady),
        (0, D::LogoutWithReason),
        (0, D::Connect),
        (0, D::Login),
    ],
    &[(0, D::ForceLogout), (0, D::Login)],
    &[(0, D::AbruptDisconnect), (0, D::Connect), (0, D::Login)],
    &[
        (0, D::NotReady),
        (0, D::Logout),
        (0, D::Wait),
        (0, D::MobileLogin),
    ],
    &[(0, D::Forget), (0, D::ConnectLater), (0, D::Login)],
    // Somebody who does not know the password, or the line.
    &[(0, D::ConnectWrong)],
    &[
        (0, D::Logout),
        (0, D::LoginWrong),
        (0, D::LoginNowhere),
        (0, D::Login),
    ],
];

/// What may befall a site.
const ACCIDENTS: &[Deed] = &[
    D::Cut,
    D::Cut,
    D::Cut,
    D::HalfOpen,
    D::Lose,
    D::Stall,
    D::Stall,
    D::Flow,
    D::Flow,
    D::Shut,
    D::Admit,
    D::Admit,
    D::NodeDies,
    D::NodesReturn,
    D::NodesReturn,
    D::OutOfService,
    D::InService,
    D::InService,
    D::DropXmpp,
    D::BrokerDies,
    D::ConnectorDies,
    D::DriverDies,
    D::ClockJumps,
    D::TurnKnobs,
    D::WeatherChanges,
];

/// The bytes of the day that belongs to a seed; every fourth is a day without accidents.
pub fn from_seed(seed: u64) -> Vec<u8> {
    let mut bytes = [0x64; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut random = Random::from_seed(bytes);
    let mut day = header(seed, &mut random);
    let is_mild = seed.is_multiple_of(4);
    let people = 3 + random.below(3);
    // Mostly people come when the site is there.
    let awaited = if random.below(8) == 0 { 1 } else { 7 };
    day.extend([D::Wait.byte(), 0, 0, awaited]);
    for n in 0..people {
        let who = byte(n);
        push(&mut day, &mut random, D::Connect, who, false);
        push(&mut day, &mut random, D::Login, who, false);
    }
    push(&mut day, &mut random, D::Noon, 0, false);
    for _ in 0..2 + random.below(2) {
        // Two agents, each in a flow of its own, one step here and one step there.
        let mut under_way = Vec::new();
        for _ in 0..1 + random.below(2) {
            let flow = Flow::drawn(&mut random, people);
            if !is_mild || random.below(2) == 0 {
                for who in [flow.me, flow.other] {
                    push(&mut day, &mut random, D::Connect, who, false);
                    push(&mut day, &mut random, D::Login, who, false);
                }
            }
            under_way.push(flow);
        }
        while !under_way.is_empty() {
            let which = pick(&mut random, under_way.len());
            let flow = &mut under_way[which];
            let Some(((role, deed), rest)) = flow.steps.split_first() else {
                under_way.swap_remove(which);
                continue;
            };
            flow.steps = rest;
            let who = if *role == 0 { flow.me } else { flow.other };
            let what = match deed {
                D::Consult | D::Transfer | D::Conference | D::TransferSst | D::MakeCall => {
                    // Mostly the other one's line, else anything.
                    if random.below(10) == 0 {
                        byte(random.below(256))
                    } else {
                        flow.other
                    }
                }
                _ => byte(random.below(256)),
            };
            // Now and then another driver does it.
            let stray = if random.below(40) == 0 { 240 } else { 0 };
            push_with(&mut day, &mut random, *deed, who + stray, what, true);
            if !is_mild && random.below(6) == 0 {
                let accident = ACCIDENTS[pick(&mut random, ACCIDENTS.len())];
                let who = byte(random.below(256));
                push(&mut day, &mut random, accident, who, true);
            }
        }
        push(&mut day, &mut random, D::Noon, 0, false);
        push(&mut day, &mut random, D::CustomerLeaves, 0, false);
        push(&mut day, &mut random, D::CustomerLeaves, 0, false);
    }
    day
}

/// A flow under way.
struct Flow {
    me: u8,
    other: u8,
    steps: &'static [(u8, Deed)],
}

impl Flow {
    fn drawn(random: &mut Random, people: u64) -> Self {
        let steps = FLOWS[pick(random, FLOWS.len())];
        // Agent 1 supervises: nobody listens to oneself.
        let is_supervised = steps.iter().any(|(_, deed)| *deed == D::Monitor);
        let first = u64::from(is_supervised);
        let me = first + random.below(people - first);
        let other = first + (me - first + 1 + random.below(people - first - 1)) % (people - first);
        Self {
            me: byte(me),
            other: byte(other),
            steps,
        }
    }
}

fn header(seed: u64, random: &mut Random) -> Vec<u8> {
    let mut header = [0; HEADER];
    random.fill(&mut header);
    header[..4].copy_from_slice(&u32::try_from(seed & 0xffff_ffff).unwrap_or(0).to_le_bytes());
    // Few knobs at a time; byte by byte is slow and adds little to all the rest.
    for byte in &mut header[9..11] {
        *byte &= u8::try_from(random.below(256)).unwrap_or(0)
            & u8::try_from(random.below(256)).unwrap_or(0);
    }
    if header[4] % 6 == 3 && !seed.is_multiple_of(16) {
        header[4] = 1;
    }
    header.to_vec()
}

fn push(day: &mut Vec<u8>, random: &mut Random, deed: Deed, who: u8, is_cut_short: bool) {
    let what = byte(random.below(256));
    push_with(day, random, deed, who, what, is_cut_short);
}

/// Mostly a command has the time that it needs; sometimes the next thing comes in the middle of it.
fn push_with(
    day: &mut Vec<u8>,
    random: &mut Random,
    deed: Deed,
    who: u8,
    what: u8,
    is_cut_short: bool,
) {
    let gap = match random.below(10) {
        0 if is_cut_short => byte(random.below(5)),
        1 | 2 if is_cut_short => 128 + byte(random.below(100)),
        3 => 8,
        _ => 6 + byte(random.below(2)),
    };
    day.extend([deed.byte(), who, what, gap]);
}

fn pick(random: &mut Random, count: usize) -> usize {
    let count = u64::try_from(count).unwrap_or(1);
    usize::try_from(random.below(count)).unwrap_or(0)
}

fn byte(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
