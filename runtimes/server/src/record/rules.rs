//! What takes the place of a password.

use core::hash::BuildHasher as _;
use finewire_core::contract::{Layout, Parameter};
use finewire_core::machine::Random;
use finewire_core::password::{CipherText, DecodeFault, InitialVector, PasswordCodec, Secret};
use std::collections::BTreeMap;
use std::hash::RandomState;

/// The key of placeholders: no secret, it keeps nothing but their form.
const KEY: &str = "111111111111111122222222222222223333333333333333";
/// Passwords that are told apart; more share one placeholder.
const MOST_PASSWORDS: usize = 100_000;
/// So many texts are tried for one that is undecodable in a certain way.
const TRIES: u64 = 20_000;

/// How placeholders travel, whatever the passwords did.
pub(super) fn placeholders() -> PasswordCodec {
    let key = Secret::from(KEY);
    PasswordCodec::triple_des(&key, InitialVector::ZERO, CipherText::Hex)
        .unwrap_or(PasswordCodec::Clear)
}

/// Replaces passwords in commands. The same password has the same placeholder for as long as a recording lasts, so
/// that what the connector remembers of passwords replays too; one that cannot be decoded cannot be afterwards.
pub(super) struct Rules {
    layout: Layout,
    passwords: PasswordCodec,
    placeholders: PasswordCodec,
    random: Random,
    salt: RandomState,
    numbers: BTreeMap<u64, usize>,
}

impl Rules {
    pub(super) fn new(layout: Layout, passwords: PasswordCodec) -> Self {
        Self {
            layout,
            passwords,
            placeholders: placeholders(),
            random: Random::from_seed([0; 32]),
            salt: RandomState::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// The connector decides by another configuration from now on.
    pub(super) fn change(&mut self, layout: Layout, passwords: PasswordCodec) {
        self.layout = layout;
        self.passwords = passwords;
    }

    /// The body of a command without what is secret; `None` where there is nothing.
    pub(super) fn rewrite(&mut self, jms_type: &str, body: &str) -> Option<String> {
        if body.is_empty() {
            return None;
        }
        let name = jms_type.split_once('#').map_or(jms_type, |(name, _)| name);
        let Some(row) = self.layout.command_named(name.trim()) else {
            // Nobody knows what it is: perhaps a sign-in by another name.
            return Some(masked(body));
        };
        let mut slots = row.parameters.iter();
        let place = slots.position(|slot| slot.parameter == Parameter::Password)?;
        if body.len() > self.layout.limits.command {
            return Some(masked(body));
        }
        let takes_rest = row
            .parameters
            .get(place)
            .is_some_and(|slot| slot.takes_rest);
        let trimmed = body.trim_end_matches(['\r', '\n', '\0']);
        let mut start = 0;
        for _ in 0..place {
            let rest = trimmed.get(start..)?;
            start += rest.find(',')? + 1;
        }
        let rest = trimmed.get(start..)?;
        let length = match takes_rest {
            true => rest.len(),
            false => rest.find(',').unwrap_or(rest.len()),
        };
        let field = rest.get(..length).filter(|field| !field.is_empty())?;
        let placeholder = self.placeholder(field);
        let (head, tail) = (body.get(..start)?, body.get(start + length..)?);
        Some(format!("{head}{placeholder}{tail}"))
    }

    fn placeholder(&mut self, field: &str) -> String {
        match self.passwords.decode(&Secret::from(field)) {
            Ok(password) => {
                let known = self.salt.hash_one(password.expose());
                let next = self.numbers.len().min(MOST_PASSWORDS);
                let number = match self.numbers.get(&known) {
                    Some(number) => *number,
                    None if next == MOST_PASSWORDS => next,
                    None => *self.numbers.entry(known).or_insert(next),
                };
                let placeholder = Secret::from(format!("placeholder {number}"));
                let field = self.placeholders.encode(&placeholder, &mut self.random);
                field.map_or_else(|_| masked(field_text()), |field| field.expose().to_owned())
            }
            Err(undecodable) => self.undecodable(undecodable.cause()),
        }
    }

    /// A text that is undecodable for the same cause, where one is found.
    fn undecodable(&self, cause: DecodeFault) -> String {
        let long = || "00".repeat(PasswordCodec::MAX_FIELD);
        let fixed = match cause {
            DecodeFault::TooLong => Some(long()),
            DecodeFault::Length => Some("00".into()),
            DecodeFault::Padding | DecodeFault::NotText | DecodeFault::Forbidden => None,
            _ => Some(field_text().into()),
        };
        fixed.unwrap_or_else(|| {
            let mut tries = (0..TRIES).map(|n| format!("{n:016x}"));
            let found = tries.find(|text| {
                let result = self.placeholders.decode(&Secret::from(text.as_str()));
                result.is_err_and(|found| found.cause() == cause)
            });
            found.unwrap_or_else(|| field_text().into())
        })
    }
}

/// What is no cipher text.
const fn field_text() -> &'static str {
    "undecodable"
}

/// As many characters that say nothing; commas stay.
fn masked(text: &str) -> String {
    let mask = |c: char| if c == ',' { ',' } else { 'x' };
    text.chars().map(mask).collect()
}

impl core::fmt::Debug for Rules {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Rules").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = "0123456789abcdeffedcba98765432100f1e2d3c4b5a6978";

    fn real() -> PasswordCodec {
        PasswordCodec::triple_des(&Secret::from(REAL), InitialVector::ZERO, CipherText::Hex)
            .unwrap()
    }

    fn cipher(password: &str) -> String {
        let field = real().encode(&Secret::from(password), &mut Random::from_seed([1; 32]));
        field.unwrap().expose().to_owned()
    }

    fn rules() -> Rules {
        Rules::new(Layout::default(), real())
    }

    fn field(body: &str, place: usize) -> Secret {
        Secret::from(body.split(',').nth(place).unwrap())
    }

    #[test]
    fn equal_passwords_have_equal_placeholders_and_others_others() {
        let mut rules = rules();
        let body = |password: &str| format!("{},2001", cipher(password));
        let a = rules.rewrite("Login#1", &body("hunter2")).unwrap();
        let b = rules.rewrite("LOGIN#2", &body("other")).unwrap();
        let connect = format!("topic,{}\r\n", cipher("hunter2"));
        let c = rules.rewrite("Connect#1", &connect).unwrap();

        assert!(a.ends_with(",2001") && c.starts_with("topic,") && c.ends_with("\r\n"));
        let read = |field: &Secret| placeholders().decode(field).unwrap();
        assert_eq!(
            read(&field(&a, 0)),
            read(&Secret::from(field(&c, 1).expose().trim()))
        );
        assert_ne!(read(&field(&a, 0)), read(&field(&b, 0)));
        for text in [&a, &b, &c] {
            assert!(!text.contains(&cipher("hunter2")) && !text.contains("hunter2"));
        }
    }

    #[test]
    fn a_password_that_was_undecodable_stays_so_for_the_same_cause() {
        let mut rules = rules();
        let other = PasswordCodec::triple_des(
            &Secret::from("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbcccccccccccccccc"),
            InitialVector::ZERO,
            CipherText::Hex,
        );
        let other = other.unwrap();
        let foreign = other.encode(&Secret::from("hunter2"), &mut Random::from_seed([1; 32]));
        for text in ["no cipher text", "abcd", foreign.unwrap().expose()] {
            let cause = real().decode(&Secret::from(text)).unwrap_err().cause();
            let body = rules.rewrite("Login#1", &format!("{text},2001")).unwrap();
            let found = placeholders().decode(&field(&body, 0)).unwrap_err().cause();
            assert_eq!(found, cause, "{text}");
            assert!(!body.contains(text));
        }
    }

    #[test]
    fn what_nobody_knows_is_masked_and_what_holds_no_password_stays() {
        let mut rules = rules();
        let found = rules.rewrite("Logon#1", "hunter2,2001");
        assert_eq!(found.as_deref(), Some("xxxxxxx,xxxx"));
        assert_eq!(rules.rewrite("MakeCall#1", "5551234"), None);
        assert_eq!(rules.rewrite("Connect#1", "topic"), None);
        assert_eq!(rules.rewrite("Login#1", ",2001"), None);
        let long = format!("{},2001", "p".repeat(1 << 20));
        assert!(!rules.rewrite("Login#1", &long).unwrap().contains('p'));
    }

    #[test]
    fn a_password_in_clear_becomes_a_cipher_text_and_follows_a_change_of_settings() {
        let mut rules = Rules::new(Layout::default(), PasswordCodec::Clear);
        let clear = rules.rewrite("Login#1", "hunter2,2001").unwrap();
        rules.change(Layout::default(), real());
        let hidden = rules.rewrite("Login#1", &format!("{},2001", cipher("hunter2")));
        assert_eq!(Some(clear), hidden);
    }
}
