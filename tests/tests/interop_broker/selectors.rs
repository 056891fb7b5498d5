//! Selectors as ActiveMQ itself reads and judges them, on generated selectors and messages.

use crate::java;
use finewire_core::machine::Random;
use finewire_openwire::body::{Properties, Value};
use finewire_openwire::command::{Destination, Message};
use finewire_openwire::selector::{Selector, Subject, Truth};

const ROUNDS: usize = 20_000;

/// A seeded source of choices.
struct Dice(Random);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.0.next_u64() % limit as u64).unwrap()
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// What has one kind of number only. It comes on the left alone: on the right of a wider number ActiveMQ's
/// answer depends on the order.
const NARROW: [&str; 4] = ["y", "s", "f", "JMSPriority"];

const WIDE: [&str; 48] = [
    "i",
    "l",
    "d",
    "t",
    "u",
    "b",
    "c",
    "missing",
    "JMSType",
    "JMSTimestamp",
    "JMSDeliveryMode",
    "JMSCorrelationID",
    "JMSXGroupID",
    "JMSRedelivered",
    "JMSXDeliveryCount",
    "JMSReplyTo",
    "JMSDestination",
    "JMSMessageID",
    "JMSExpiration",
    "JMSXGroupSeq",
    "JMSXUserID",
    "0",
    "1",
    "2",
    "-1",
    "5",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "0x1f",
    "017",
    "3l",
    "1.5",
    ".5",
    "2.",
    "1e2",
    "1E-1",
    "0.0",
    "'a'",
    "'ab'",
    "''",
    "'a''b'",
    "'é𝄞'",
    "'5'",
    "TRUE",
    "FALSE",
    "NULL",
];

const QUOTED: [&str; 15] = [
    "'a%'",
    "'%b'",
    "'a_'",
    "'%'",
    "''",
    "'_%_'",
    "'a!%b'",
    "'!_%'",
    "'ab'",
    "'é_'",
    "'%!!%'",
    "'queue://%'",
    "'PERSISTENT'",
    "'a.b'",
    "'a''b'",
];

fn left(dice: &mut Dice, depth: usize) -> String {
    if dice.below(4) == 0 {
        return dice.one_of(&NARROW).to_owned();
    }
    value(dice, depth)
}

fn value(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.coin() {
        return dice.one_of(&WIDE).to_owned();
    }
    let depth = depth - 1;
    match dice.below(6) {
        0 | 1 => {
            let sign = dice.one_of(&["+", " - ", "*", "/", "%"]);
            format!("{} {sign} {}", left(dice, depth), value(dice, depth))
        }
        2 => format!("({})", value(dice, depth)),
        3 => format!("- {}", value(dice, depth)),
        4 => format!("+{}", value(dice, depth)),
        _ => format!("({})", condition(dice, depth)),
    }
}

fn condition(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.coin() {
        return simple(dice, depth.min(2));
    }
    let depth = depth - 1;
    match dice.below(8) {
        0 | 1 => format!("{} AND {}", condition(dice, depth), condition(dice, depth)),
        2 | 3 => format!("{} or {}", condition(dice, depth), condition(dice, depth)),
        4 => format!("({})", condition(dice, depth)),
        5 => format!("NOT ({})", condition(dice, depth)),
        6 => format!("NOT {}", condition(dice, depth)),
        _ => format!(
            "({}) = ({})",
            condition(dice, depth),
            condition(dice, depth)
        ),
    }
}

fn simple(dice: &mut Dice, depth: usize) -> String {
    let a = left(dice, depth);
    let not = dice.one_of(&["", "NOT ", "not\t"]);
    match dice.below(16) {
        0..=5 => {
            let sign = dice.one_of(&["=", "<>", "<", "<=", ">", ">=", "\n<> ", "/* = */ ="]);
            format!("{a} {sign} {}", value(dice, depth.min(1)))
        }
        6..=8 => {
            let escape = dice.one_of(&["", " ESCAPE '!'", " escape '%'"]);
            format!("{a} {not}LIKE {}{escape}", dice.one_of(&QUOTED))
        }
        9..=11 => {
            let list: Vec<&str> = (0..=dice.below(3)).map(|_| dice.one_of(&QUOTED)).collect();
            format!("{a} {not}IN ({})", list.join(", "))
        }
        12 | 13 => {
            let (low, high) = (value(dice, depth.min(1)), value(dice, depth.min(1)));
            format!("{a} {not}between {low} AND {high}")
        }
        14 => format!("{a} IS {not}NULL"),
        _ => a,
    }
}

/// A whole one, sometimes with an accident.
fn selector(dice: &mut Dice) -> String {
    let text = condition(dice, 4);
    if dice.below(10) > 0 {
        return text;
    }
    let mut chars: Vec<char> = text.chars().collect();
    let at = dice.below(chars.len());
    if dice.coin() {
        chars.truncate(at);
    } else {
        chars.remove(at);
    }
    chars.into_iter().collect()
}

fn property(dice: &mut Dice) -> Value {
    let whole = [0_i64, 1, 2, 5, -1, 31, 15, 127, 2_147_483_647, i64::MAX];
    let texts = ["a", "ab", "", "a'b", "é𝄞", "5", "a%b", "true", "1.5"];
    match dice.below(6) {
        0 | 1 => Value::Long(dice.one_of(&whole)),
        2 => Value::Boolean(dice.coin()),
        3 | 4 => Value::from(dice.one_of(&texts)),
        _ => Value::Double(dice.one_of(&[0.0, -0.0, 1.5, 5.0, 1e10, f64::NAN])),
    }
}

/// A message and the same as a line for Java.
fn message(dice: &mut Dice) -> (Message, String) {
    let small = i8::try_from(dice.below(10)).unwrap();
    let b = dice.coin();
    let values = [
        ("y", Value::Byte(if b { small } else { -small })),
        ("s", Value::Short(i16::from(small) * 7 - 20)),
        ("i", Value::Int(i32::from(small) - 3)),
        (
            "l",
            Value::Long(dice.0.next_u64().cast_signed() >> (6 * small)),
        ),
        (
            "f",
            Value::Float(dice.one_of(&[0.1, 5.0, -1.5, f32::INFINITY])),
        ),
        ("d", property(dice)),
        ("t", property(dice)),
        ("u", property(dice)),
        ("b", Value::Boolean(b)),
        ("c", Value::from(if b { "ab" } else { "7" })),
    ];
    let mut line = String::new();
    for (name, value) in &values {
        line.push_str(&format!("\t{name}={}", typed(value)));
    }
    let mut message = Message::text("x");
    message
        .set_properties(&Properties::from_iter(values))
        .unwrap();
    message.persistent = b;
    message.priority = small;
    message.timestamp = i64::from(small) - 2;
    message.redelivery_counter = i32::from(b);
    message.destination = Some(Destination::queue("q"));
    message.extras.group_sequence = small.into();
    let mode = if b { "PERSISTENT" } else { "NON_PERSISTENT" };
    line.push_str(&format!(
        "\tJMSDeliveryMode=t:{}\tJMSPriority=i:{small}\tJMSTimestamp=l:{}\tJMSXDeliveryCount=i:{}\
         \tJMSDestination=t:{}\tJMSXGroupSeq=i:{small}",
        hex(mode),
        message.timestamp,
        i32::from(b) + 1,
        hex("queue://q"),
    ));
    if dice.coin() {
        let text = dice.one_of(&["a", "ab", "a%b", "!", ""]);
        let spelled = hex(text);
        line.push_str(&format!(
            "\tJMSType=t:{spelled}\tJMSCorrelationID=t:{spelled}\tJMSXGroupID=t:{spelled}\
             \tJMSReplyTo=t:{}",
            hex("topic://r")
        ));
        message.jms_type = Some(text.into());
        message.correlation_id = Some(text.into());
        message.extras.group_id = Some(text.into());
        message.reply_to = Some(Destination::topic("r"));
    }
    (message, line)
}

fn typed(value: &Value) -> String {
    match value {
        Value::Boolean(value) => format!("z:{value}"),
        Value::Byte(value) => format!("y:{value}"),
        Value::Short(value) => format!("s:{value}"),
        Value::Int(value) => format!("i:{value}"),
        Value::Long(value) => format!("l:{value}"),
        Value::Float(value) => format!("f:{:08x}", value.to_bits()),
        Value::Double(value) => format!("d:{:016x}", value.to_bits()),
        Value::Text(text) => format!("t:{}", hex(&text.to_str())),
        other => panic!("{other:?} is not generated"),
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Our opinion, in the words of the Java side.
fn ours(selector: &str, message: &Message) -> &'static str {
    let Ok(selector) = Selector::parse(selector) else {
        return "invalid";
    };
    match selector.judge(&Subject::new(message)) {
        Ok(Truth::True) => "true",
        Ok(Truth::False) => "false",
        Ok(Truth::Unknown) => "null",
        Err(_) => "throws",
    }
}

/// Where we promise something else than ActiveMQ 5.17 does.
fn is_ours(selector: &str) -> bool {
    // It negates no byte and no short.
    let bare: String = selector
        .chars()
        .filter(|c| !"( \t\n+".contains(*c))
        .collect();
    ["-y", "-s"].iter().any(|sign| bare.contains(sign))
}

#[test]
fn activemq_judges_generated_selectors_as_we_do() {
    let mut dice = Dice(Random::from_seed([23; 32]));
    let mut cases = Vec::new();
    while cases.len() < ROUNDS {
        let selector = selector(&mut dice);
        let (message, line) = message(&mut dice);
        if is_ours(&selector) {
            continue;
        }
        cases.push((selector, message, line));
    }
    let lines = cases
        .iter()
        .map(|(selector, _, line)| format!("{}{line}", hex(selector)));
    let Some(theirs) = java::answers("Selectors.java", lines) else {
        return;
    };
    assert_eq!(theirs.len(), cases.len());
    let mut seen = std::collections::BTreeMap::new();
    let mut differences = Vec::new();
    for ((selector, message, line), theirs) in cases.iter().zip(&theirs) {
        *seen.entry(theirs.as_str()).or_insert(0) += 1;
        let ours = ours(selector, message);
        if ours != theirs {
            differences.push(format!(
                "{selector}\n  ours {ours}, theirs {theirs}; {line}"
            ));
        }
    }
    differences.sort_by_key(String::len);
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        cases.len(),
        differences[..differences.len().min(10)].join("\n")
    );
    for word in ["true", "false", "null", "invalid", "throws"] {
        assert!(seen.get(word).is_some_and(|count| *count > 20), "{seen:?}");
    }
}
