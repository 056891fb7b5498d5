//! Selectors mean what an independent reading of them says.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use finewire_openwire::body::{Properties, Value};
use finewire_openwire::command::Message;
use finewire_openwire::selector::{MAX_DEPTH, MAX_LENGTH, Selector, SelectorFlaw, Subject, Truth};
use proptest::prelude::*;

/// What a message has under the names `a` to `d`; `d` is always lacking.
type Facts = [Option<i64>; 4];

/// A condition on integers, kept as data: its meaning is computed here, its text is given to the parser.
#[derive(Clone, Debug)]
enum Wish {
    Compare(usize, &'static str, i64),
    Between(usize, i64, i64, bool),
    IsNull(usize, bool),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Wish {
    /// `None` is unknown.
    fn meaning(&self, facts: &Facts) -> Option<bool> {
        match self {
            Self::Compare(name, sign, number) => facts[*name].map(|fact| match *sign {
                "=" => fact == *number,
                "<>" => fact != *number,
                "<" => fact < *number,
                "<=" => fact <= *number,
                ">" => fact > *number,
                _ => fact >= *number,
            }),
            Self::Between(name, low, high, negated) => {
                facts[*name].map(|fact| (*low <= fact && fact <= *high) != *negated)
            }
            Self::IsNull(name, negated) => Some(facts[*name].is_none() != *negated),
            Self::Not(wish) => wish.meaning(facts).map(|holds| !holds),
            Self::And(a, b) => match (a.meaning(facts), b.meaning(facts)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.meaning(facts), b.meaning(facts)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }

    fn text(&self) -> String {
        let name = |n: &usize| ["a", "b", "c", "d"][*n];
        match self {
            Self::Compare(n, sign, number) => format!("{}{sign}{number}", name(n)),
            Self::Between(n, low, high, negated) => {
                let not = if *negated { "NOT " } else { "" };
                format!("{} {not}BETWEEN {low} AND {high}", name(n))
            }
            Self::IsNull(n, negated) => {
                format!("{} IS {}NULL", name(n), if *negated { "not " } else { "" })
            }
            Self::Not(wish) => format!("NOT({})", wish.text()),
            Self::And(a, b) => format!("({}) AND ({})", a.text(), b.text()),
            Self::Or(a, b) => format!("({})or({})", a.text(), b.text()),
        }
    }
}

fn wishes() -> impl Strategy<Value = Wish> {
    let signs = prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        (0..4_usize, signs, -3..3_i64).prop_map(|(n, sign, number)| Wish::Compare(n, sign, number)),
        (0..4_usize, -3..3_i64, -3..3_i64, any::<bool>())
            .prop_map(|(n, low, high, negated)| Wish::Between(n, low, high, negated)),
        (0..4_usize, any::<bool>()).prop_map(|(n, negated)| Wish::IsNull(n, negated)),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|wish| Wish::Not(wish.into())),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Wish::And(a.into(), b.into())),
            (inner.clone(), inner).prop_map(|(a, b)| Wish::Or(a.into(), b.into())),
        ]
    })
}

/// The facts as properties, of a type that rotates.
fn message(facts: &Facts, width: usize) -> Message {
    let mut properties = Properties::new();
    for (n, name) in ["a", "b", "c"].into_iter().enumerate() {
        let Some(fact) = facts[n] else { continue };
        let small = i8::try_from(fact).unwrap();
        let value = match (n + width) % 6 {
            0 => Value::Byte(small),
            1 => Value::Short(small.into()),
            2 => Value::Int(small.into()),
            3 => Value::Long(fact),
            4 => Value::Float(small.into()),
            _ => Value::Double(small.into()),
        };
        properties.push(name, value);
    }
    let mut message = Message::text("x");
    message.set_properties(&properties).unwrap();
    message
}

proptest! {
    #[test]
    fn a_selector_means_what_it_says_whatever_the_types_of_the_properties(
        wish in wishes(),
        facts in prop::array::uniform3(prop::option::of(-3..3_i64)),
        width in 0..6_usize,
    ) {
        let facts = [facts[0], facts[1], facts[2], None];
        let selector: Selector = wish.text().parse().unwrap();
        let expected = match wish.meaning(&facts) {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => Truth::Unknown,
        };

        let message = message(&facts, width);

        prop_assert_eq!(selector.judge(&Subject::new(&message)), Ok(expected), "{}", selector);
        prop_assert_eq!(selector.matches(&Subject::new(&message)), expected == Truth::True);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-d0-9'()=<>%*+/., !-]{0,40}") {
        let _ = Selector::parse(&text);
    }
}

fn flaw(text: &str) -> (SelectorFlaw, usize) {
    let error = Selector::parse(text).unwrap_err();
    (error.flaw().clone(), error.offset())
}

#[test]
fn an_error_says_what_and_where() {
    let (what, at) = flaw("a = 1 AND");
    assert!(matches!(
        what,
        SelectorFlaw::RemoteUnexpected { found: None, .. }
    ));
    assert_eq!(at, 9);
    assert_eq!(flaw("a = 1 AND 5"), (SelectorFlaw::RemoteNotBoolean, 10));
    assert_eq!(flaw("a > 'x'"), (SelectorFlaw::RemoteIncomparable, 4));
    assert_eq!(flaw("a # 1"), (SelectorFlaw::RemoteCharacter('#'), 2));
    assert_eq!(flaw("5 IN ('x')"), (SelectorFlaw::RemoteNotProperty, 0));
    assert_eq!(flaw("a LIKE 'x' ESCAPE 'yz'").0, SelectorFlaw::RemoteEscape);
    assert_eq!(flaw("XPATH '/a'").0, SelectorFlaw::RefusedBodyQuery);
    assert_eq!(flaw("convert_string_expressions:a = ").1, 31);
    assert!(
        matches!(flaw("a IN (b)").0, SelectorFlaw::RemoteUnexpected { found: Some(b), .. } if b == "b")
    );
}

#[test]
fn length_and_depth_are_bounded_and_long_chains_are_not_deep() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Selector::parse(&nested(MAX_DEPTH)).is_ok());
    let limit = MAX_DEPTH;
    assert_eq!(
        flaw(&nested(MAX_DEPTH + 1)).0,
        SelectorFlaw::LimitDepth { limit }
    );
    let nots = format!("{} a", "NOT ".repeat(MAX_DEPTH + 1));
    assert_eq!(flaw(&nots).0, SelectorFlaw::LimitDepth { limit });
    let limit = MAX_LENGTH;
    assert_eq!(
        flaw(&"a".repeat(MAX_LENGTH + 1)).0,
        SelectorFlaw::LimitLength { limit }
    );
    let sum = format!("1{} = 4000", "+1".repeat(3999));
    assert!(
        Selector::parse(&sum)
            .unwrap()
            .matches(&Subject::new(&Message::text("x")))
    );
    let any = format!("a = 1{}", " or b".repeat(1500));
    assert!(
        !Selector::parse(&any)
            .unwrap()
            .matches(&Subject::new(&Message::text("x")))
    );
}

#[test]
fn properties_that_do_not_read_choose_nothing() {
    let mut message = Message::text("x");
    message.marshalled_properties = Some(vec![0, 0, 0, 9].into());

    let selector: Selector = "a IS NULL".parse().unwrap();

    assert!(selector.judge(&Subject::new(&message)).is_err());
    assert!(!selector.matches(&Subject::new(&message)));
    let header: Selector = "JMSType IS NULL".parse().unwrap();
    assert!(header.matches(&Subject::new(&message)), "nobody read them");
}

#[test]
fn hyphens_and_converted_strings_are_there_when_asked_for() {
    let mut message = Message::text("x");
    let properties = Properties::from_iter([("a-b", "5")]);
    message.set_properties(&properties).unwrap();
    let chooses = |text: &str| {
        Selector::parse(text)
            .unwrap()
            .matches(&Subject::new(&message))
    };

    assert!(!chooses("hyphenated_props:a-b = 5"));
    assert!(chooses(
        "convert_string_expressions:hyphenated_props:a-b = 5"
    ));
    assert!(chooses(
        "convert_string_expressions:hyphenated_props:4.5 < a-b"
    ));
}
