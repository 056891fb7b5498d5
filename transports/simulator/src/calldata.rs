//! Call variables: what Finesse refuses, and what the telephone system makes of the rest.
//!
//! Finesse Developer Guide, "ECC and call variable error handling".

use finewire_core::agent::Text;

use crate::config::EccVariable;

/// Bytes of `callVariable1` … `callVariable10`.
const MOST_BYTES: usize = 40;

/// Bytes of all expanded variables of one request with their names.
const MOST_ECC_BYTES: usize = 2000;

/// What a variable's name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// `callVariable1` … `callVariable10`.
    Numbered,
    /// `BA…`: the campaign's, never written by clients.
    Campaign,
    /// `user.…`, with an index if it is an array's element.
    Expanded(&'a str, Option<&'a str>),
    /// Nothing that exists.
    Unknown,
}

pub(crate) fn kind(name: &str) -> Kind<'_> {
    if let Some(number) = name.strip_prefix("callVariable") {
        return match number.parse::<u8>() {
            Ok(1..=10) if !number.starts_with(['0', '+']) => Kind::Numbered,
            _ => Kind::Unknown,
        };
    }
    if name.starts_with("BA") {
        return Kind::Campaign;
    }
    if !name.starts_with("user.") {
        return Kind::Unknown;
    }
    let element = name.strip_suffix(']').and_then(|name| name.split_once('['));
    element.map_or(Kind::Expanded(name, None), |(name, index)| {
        Kind::Expanded(name, Some(index))
    })
}

/// What Finesse refuses at once: the variable's name.
pub(crate) fn check(variables: &[(Text, Text)], known: &[EccVariable]) -> Result<(), String> {
    let mut expanded = 0;
    for (name, value) in variables {
        let wrong = match kind(name.as_str()) {
            Kind::Campaign => true,
            Kind::Numbered => value.as_str().len() > MOST_BYTES,
            Kind::Unknown => false,
            Kind::Expanded(plain, index) => {
                expanded += name.as_str().len() + value.as_str().len();
                let known = known.iter().find(|one| one.name == *plain);
                match (known.map(|known| known.elements), index) {
                    (None, _) | (Some(None), None) => false,
                    (Some(Some(_)), None) | (Some(None), Some(_)) => true,
                    (Some(Some(count)), Some(index)) => {
                        !index.parse::<u16>().is_ok_and(|index| index < count)
                    }
                }
            }
        };
        if wrong || expanded > MOST_ECC_BYTES {
            return Err(name.to_string());
        }
    }
    Ok(())
}

/// What the telephone system takes of a value: nothing of a variable that does not exist, and of
/// an expanded one as much as it has room for.
pub(crate) fn taken<'a>(name: &str, value: &'a str, known: &[EccVariable]) -> Option<&'a str> {
    match kind(name) {
        Kind::Numbered | Kind::Campaign => Some(value),
        Kind::Unknown => None,
        Kind::Expanded(..) if known.is_empty() => Some(value),
        Kind::Expanded(plain, _) => {
            let room = known.iter().find(|one| one.name == *plain)?.most_bytes;
            let cut = (0..=room).rev().find_map(|end| value.get(..end));
            Some(if value.len() <= room { value } else { cut? })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ecc() -> Vec<EccVariable> {
        let variable = |name: &str, elements| EccVariable {
            name: name.into(),
            most_bytes: 5,
            elements,
        };
        vec![variable("user.plain", None), variable("user.list", Some(3))]
    }

    fn refused(name: &str, value: &str) -> bool {
        check(&[(name.into(), value.into())], &ecc()).is_err()
    }

    #[test]
    fn numbered_variables_hold_forty_bytes_and_there_are_ten() {
        assert!(!refused("callVariable1", &"x".repeat(40)));
        assert!(refused("callVariable10", &"x".repeat(41)));
        assert!(
            refused("callVariable1", &"ä".repeat(21)),
            "bytes, not letters"
        );
        for name in [
            "callVariable0",
            "callVariable11",
            "callVariable01",
            "callVariable",
        ] {
            assert_eq!(kind(name), Kind::Unknown, "{name}");
            assert_eq!(taken(name, "x", &ecc()), None);
        }
    }

    #[test]
    fn the_campaigns_variables_are_read_only() {
        assert!(refused("BAStatus", ""));
    }

    #[test]
    fn arrays_need_an_index_within_their_bounds_and_scalars_none() {
        assert!(!refused("user.plain", "x"));
        assert!(refused("user.plain[0]", "x"));
        assert!(refused("user.list", "x"));
        assert!(!refused("user.list[2]", "x"));
        for name in ["user.list[3]", "user.list[-1]", "user.list[]"] {
            assert!(refused(name, "x"), "{name}");
        }
        assert!(
            !refused("user.unknown[7]", "x"),
            "the telephone system decides"
        );
    }

    #[test]
    fn all_expanded_variables_together_hold_2000_bytes() {
        assert!(!refused("user.other", &"x".repeat(1990)));
        assert!(refused("user.other", &"x".repeat(1991)));
    }

    #[test]
    fn what_is_too_long_for_an_expanded_variable_is_cut_between_letters() {
        assert_eq!(taken("user.plain", "1234567", &ecc()), Some("12345"));
        assert_eq!(taken("user.plain", "1234ä", &ecc()), Some("1234"));
        assert_eq!(taken("user.unknown", "x", &ecc()), None);
        assert_eq!(taken("user.unknown", "x", &[]), Some("x"));
    }
}
