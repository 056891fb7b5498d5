//! Scenarios: what is to happen when, as text.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use finewire_core::agent::{DialogId, Text};
use finewire_core::password::Secret;

use crate::config::Node;
use crate::knobs::{Knobs, delay_from};
use crate::verbs::Command;

/// Steps of a scenario, at most.
const MOST_STEPS: usize = 10_000;

/// Bytes of a word, at most.
const MOST_WORD: usize = 200;

/// What is to happen when.
///
/// One step a line, `at <time> <what>`; `#` begins a comment. Times count from the start of the
/// scenario and need not be in order.
///
/// | what | does |
/// |---|---|
/// | `call <to> from <number>` | brings a call in: to a queue's number, a login id, an extension |
/// | `hangup [<dialog id>]` | the caller hangs up; without an id, that of the call brought in last |
/// | `preview <agent> customer <number>` | a campaign reserves the agent (UCCE) |
/// | `queue <id> add\|remove <agent>` | puts the agent into the queue, or takes the agent out |
/// | `token <agent> <token> <time>` | gives the agent an access token that is good for so long |
/// | `expire <agent>` | makes the agent's access tokens worthless |
/// | `drop <agent>` | cuts the agent's XMPP streams |
/// | `out of service`, `in service` | takes the service of the site out or back in |
/// | `node 1\|2 out of service\|in service\|dies\|returns` | the same for one node; kills it, revives it |
/// | `knob <name> <position>` | turns one of the [`Knobs`] |
///
/// ```
/// use finewire_simulator::Scenario;
///
/// let text = "at 2s call 1001001 from 5551234\nat 5s hangup  # the caller\n";
/// assert_eq!(text.parse::<Scenario>().unwrap().steps().len(), 2);
///
/// let fault = "at 2s call 1001001\n".parse::<Scenario>().unwrap_err();
/// assert_eq!(fault.to_string(), "line 1: expected: call <to> from <number>");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Scenario {
    steps: Vec<(Duration, Step)>,
}

impl Scenario {
    /// The steps in the order of their times, each with its time from the start.
    #[must_use]
    pub fn steps(&self) -> &[(Duration, Step)] {
        &self.steps
    }
}

/// One thing that is to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Something that can be asked for by a command too.
    Order(Command),
    /// The caller of the call that was brought in last hangs up.
    HangUpLatest,
    /// A knob is turned.
    Knob {
        /// Its name.
        name: Text,
        /// Its new position.
        position: Text,
    },
}

/// Why a text is no scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScenarioFault {
    /// The line, from 1; 0 for a text that is one step.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for ScenarioFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        f.write_str(&self.what)
    }
}

impl core::error::Error for ScenarioFault {}

impl FromStr for Scenario {
    type Err = ScenarioFault;

    fn from_str(text: &str) -> Result<Self, ScenarioFault> {
        let mut steps = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let fault = |what: String| ScenarioFault { line: number, what };
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            if steps.len() >= MOST_STEPS {
                return Err(fault(format!("more than {MOST_STEPS} steps")));
            }
            let timed = line.strip_prefix("at ").map(str::trim_start);
            let timed = timed.and_then(|rest| rest.split_once(char::is_whitespace));
            let (time, what) =
                timed.ok_or_else(|| fault("expected: at <time> <what>".to_owned()))?;
            let time = delay_from(time)
                .ok_or_else(|| fault("a time is a number with ms, s or m, at most a day".into()))?;
            let step = what.parse::<Step>();
            steps.push((time, step.map_err(|wrong| fault(wrong.what))?));
        }
        // A stable sort: what is for the same time happens in the order of the lines.
        steps.sort_by_key(|(time, _)| *time);
        Ok(Self { steps })
    }
}

impl FromStr for Step {
    type Err = ScenarioFault;

    fn from_str(text: &str) -> Result<Self, ScenarioFault> {
        let fault = |what: &str| ScenarioFault {
            line: 0,
            what: what.to_owned(),
        };
        let expected = |form: &str| fault(&format!("expected: {form}"));
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.iter().any(|word| word.len() > MOST_WORD) {
            return Err(fault("a word is too long"));
        }
        let order = match words.as_slice() {
            ["call", to, "from", from] => Command::PlaceCall {
                to: (*to).into(),
                from: (*from).into(),
            },
            ["call", ..] => return Err(expected("call <to> from <number>")),
            ["hangup"] => return Ok(Self::HangUpLatest),
            ["hangup", id] => Command::EndCall {
                dialog: DialogId::from(*id),
            },
            ["hangup", ..] => return Err(expected("hangup [<dialog id>]")),
            ["preview", agent, "customer", number] => Command::OfferPreview {
                agent: (*agent).into(),
                customer: (*number).into(),
            },
            ["preview", ..] => return Err(expected("preview <agent> customer <number>")),
            ["queue", id, word @ ("add" | "remove"), agent] => Command::AssignQueue {
                queue: (*id).into(),
                agent: (*agent).into(),
                assigned: *word == "add",
            },
            ["queue", ..] => return Err(expected("queue <id> add|remove <agent>")),
            ["drop", agent] => Command::DropXmpp {
                agent: (*agent).into(),
            },
            ["drop", ..] => return Err(expected("drop <agent>")),
            ["token", agent, token, life] => Command::GrantToken {
                agent: (*agent).into(),
                token: Secret::from(*token),
                life: delay_from(life).ok_or_else(|| expected("token <agent> <token> <time>"))?,
            },
            ["token", ..] => return Err(expected("token <agent> <token> <time>")),
            ["expire", agent] => Command::ExpireTokens {
                agent: (*agent).into(),
            },
            ["expire", ..] => return Err(expected("expire <agent>")),
            ["out", "of", "service"] => Command::SetInService(false),
            ["in", "service"] => Command::SetInService(true),
            ["node", number, what @ ..] => node(number, what)
                .ok_or_else(|| expected("node 1|2 out of service|in service|dies|returns"))?,
            ["knob", name, position] => {
                let turned = Knobs::default().set(name, position);
                turned.map_err(|wrong| fault(&wrong.to_string()))?;
                return Ok(Self::Knob {
                    name: (*name).into(),
                    position: (*position).into(),
                });
            }
            ["knob", ..] => return Err(expected("knob <name> <position>")),
            [] => return Err(fault("nothing to do")),
            _ => return Err(fault("this is nothing that can happen")),
        };
        Ok(Self::Order(order))
    }
}

fn node(number: &str, what: &[&str]) -> Option<Command> {
    let node = match number {
        "1" => Node::First,
        "2" => Node::Second,
        _ => return None,
    };
    Some(match what {
        ["out", "of", "service"] => Command::SetNodeInService { node, on: false },
        ["in", "service"] => Command::SetNodeInService { node, on: true },
        ["dies"] => Command::SetNodeUp { node, up: false },
        ["returns"] => Command::SetNodeUp { node, up: true },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_a_step_is_read() {
        let place = |to: &str| {
            Step::Order(Command::PlaceCall {
                to: to.into(),
                from: "5551234".into(),
            })
        };
        let node = Node::Second;
        for (text, wanted) in [
            ("call 1001001 from 5551234", place("1001001")),
            ("  call\t8001   from 5551234 ", place("8001")),
            ("hangup", Step::HangUpLatest),
            (
                "hangup 7",
                Step::Order(Command::EndCall { dialog: "7".into() }),
            ),
            ("out of service", Step::Order(Command::SetInService(false))),
            ("in service", Step::Order(Command::SetInService(true))),
            (
                "node 2 dies",
                Step::Order(Command::SetNodeUp { node, up: false }),
            ),
            (
                "node 2 in service",
                Step::Order(Command::SetNodeInService { node, on: true }),
            ),
            (
                "queue 5023 remove 1001006",
                Step::Order(Command::AssignQueue {
                    queue: "5023".into(),
                    agent: "1001006".into(),
                    assigned: false,
                }),
            ),
            (
                "knob slow_rest 2s",
                Step::Knob {
                    name: "slow_rest".into(),
                    position: "2s".into(),
                },
            ),
        ] {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn a_fault_names_its_line_and_what_is_wanted() {
        let fault = |text: &str| text.parse::<Scenario>().unwrap_err().to_string();
        assert_eq!(
            fault("# a day\n\nat 1s hangup\nafter 2s hangup"),
            "line 4: expected: at <time> <what>"
        );
        assert_eq!(
            fault("at 2 hangup"),
            "line 1: a time is a number with ms, s or m, at most a day"
        );
        assert_eq!(
            fault("at 1s knob lod on"),
            "line 1: there is no knob \"lod\""
        );
        assert_eq!(
            fault("at 1s knob load maybe"),
            "line 1: the knob takes on or off"
        );
        assert_eq!(
            fault("at 1s dance"),
            "line 1: this is nothing that can happen"
        );
        assert_eq!(
            fault("at 1s node 3 dies"),
            "line 1: expected: node 1|2 out of service|in service|dies|returns"
        );
        assert_eq!(
            fault(&format!("at 1s drop {}", "x".repeat(201))),
            "line 1: a word is too long"
        );
        let many = "at 1s hangup\n".repeat(MOST_STEPS + 1);
        assert_eq!(fault(&many), "line 10001: more than 10000 steps");
    }

    #[test]
    fn steps_are_sorted_by_time_and_keep_the_order_of_lines() {
        let text = "at 2s in service\nat 1s hangup 1\nat 2s out of service\nat 1000ms hangup 2";
        let scenario: Scenario = text.parse().unwrap();
        let end = |id: &str| Step::Order(Command::EndCall { dialog: id.into() });
        let steps: Vec<_> = scenario
            .steps()
            .iter()
            .map(|(_, step)| step.clone())
            .collect();
        let set = |on| Step::Order(Command::SetInService(on));
        assert_eq!(steps, [end("1"), end("2"), set(true), set(false)]);
    }
}
