//! Whatever a file or a variable says, checking ends with settings or with faults, never with a panic.

use super::reading::check;
use finewire_core::machine::Random;
use std::path::Path;

/// Every table once, and values that are looked at more closely than others.
const WHOLE: &str = r#"
[broker]
url = "failover:(tcp://a:61616,ssl://joe:pw@b:61617)?timeout=10000&jms.password=x"
queue = "Connector1"
priority = 127
fingerprint = "00:11"
[broker.embedded]
hold_for = "30s"
[finesse]
return_after = "10m"
[[finesse.node]]
host = "finesse-a.example"
port = 0x20_fd
xmpp = "websocket"
[[finesse.node]]
host = "10.0.0.1"
security = "plain"
[driver]
use_secure_password = true
key_file = "/nonexistent/key"
iv = "0011223344556677"
time_zone = "Europe/Berlin"
[monitor]
listen = "[::1]:8162"
names = ["ä.example", '''b''']
[[monitor.user]]
name = "anna"
role = "viewer"
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"
[log]
level = "info,a::b=debug"
[timing]
command = "30s"
[limits]
agents = 4000
[layout.events.State]
name = "AgentState"
"#;

/// What is put in somewhere.
const BITS: [&str; 24] = [
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ".",
    "\n",
    "\r",
    "#",
    "\\u0000",
    "\\",
    "-",
    "99999999999999999999",
    "1e999",
    "1979-05-27T07:32:00Z",
    "\u{0}",
    "ż",
    "\u{feff}",
    "0x",
    "nan",
];

fn below(random: &mut Random, most: usize) -> usize {
    usize::try_from(random.below(u64::try_from(most.max(1)).unwrap())).unwrap()
}

/// A place between two characters.
fn place(random: &mut Random, text: &str) -> usize {
    let mut at = below(random, text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn spoil(random: &mut Random, text: &mut String) {
    let (a, b) = (place(random, text), place(random, text));
    let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 40));
    let to = (from..=to)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(from);
    match below(random, 4) {
        0 => text.insert_str(from, BITS[below(random, BITS.len())]),
        1 => text.replace_range(from..to, ""),
        2 => {
            let piece = text[from..to].to_owned();
            text.insert_str(place(random, text), &piece);
        }
        _ => text.replace_range(from..to, BITS[below(random, BITS.len())]),
    }
}

#[test]
fn whatever_the_file_says_checking_ends_and_the_secrets_of_addresses_are_not_told() {
    let mut random = Random::from_seed([7; 32]);
    let mut good = 0;
    for _ in 0..4000 {
        let mut text = WHOLE.to_owned();
        for _ in 0..=below(&mut random, 6) {
            spoil(&mut random, &mut text);
        }
        match check(Path::new("c.toml"), &text, &[]) {
            Ok(_) => good += 1,
            Err(faults) => {
                let told = faults.to_string();
                assert!(told.contains("in c.toml"), "{told}");
                assert!(!told.is_empty() && told.len() < 200_000);
            }
        }
    }
    assert!(good < 40, "{good} pass although the key is nowhere");
}

#[test]
fn whatever_a_variable_says_checking_ends() {
    let mut random = Random::from_seed([8; 32]);
    let names: Vec<String> = super::schema::keys()
        .iter()
        .map(|key| super::schema::variable(&key.path.replace("[]", ".0")))
        .collect();
    for _ in 0..4000 {
        let mut value = String::from("failover:(tcp://a:1)");
        for _ in 0..=below(&mut random, 4) {
            spoil(&mut random, &mut value);
        }
        let name = names[below(&mut random, names.len())].clone();
        let outcome = check(Path::new("c.toml"), WHOLE, &[(name.clone(), value)]);
        let told = outcome.map(|_| ()).map_err(|faults| faults.to_string());
        assert!(told.is_err_and(|told| told.contains("error")), "{name}");
    }
}
