//! The patterns of `LIKE`.

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Unit>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// This character.
    One(char),
    /// `_`: any one character.
    Any,
    /// `%`: any number of characters, none included.
    Many,
}

impl Pattern {
    /// Reads a pattern. `escape` takes their meaning from a following `%`, `_` or itself; before anything
    /// else it stands for itself (Seen: ActiveMQ 5.17).
    pub(super) fn new(text: &str, escape: Option<char>) -> Self {
        let mut units = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let escaped = (Some(c) == escape)
                .then(|| chars.next_if(|next| matches!(next, '%' | '_') || *next == c))
                .flatten();
            units.push(match (escaped, c) {
                (Some(literal), _) => Unit::One(literal),
                (None, '_') => Unit::Any,
                (None, '%') if units.last() == Some(&Unit::Many) => continue,
                (None, '%') => Unit::Many,
                (None, c) => Unit::One(c),
            });
        }
        Self(units)
    }

    /// Whether the whole text is like this. Takes at most the product of both lengths, in constant space:
    /// after a mismatch only the last `%` needs to take one character more.
    pub(super) fn is_like(&self, text: &str) -> bool {
        let mut units = self.0.as_slice();
        let mut rest = text.chars();
        let mut retry: Option<(&[Unit], core::str::Chars<'_>)> = None;
        loop {
            match units.split_first() {
                Some((Unit::Many, after)) => {
                    if after.is_empty() {
                        return true;
                    }
                    retry = Some((after, rest.clone()));
                    units = after;
                    continue;
                }
                Some((unit, after)) => {
                    let next = rest.next();
                    let fits = match (unit, next) {
                        (_, None) => return false,
                        (Unit::One(wanted), Some(c)) => *wanted == c,
                        (Unit::Any | Unit::Many, Some(_)) => true,
                    };
                    if fits {
                        units = after;
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((after, from)) = &mut retry else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            units = after;
            rest = from.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn like(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern, Some('!')).is_like(text)
    }

    /// The definition, read off.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', after)) => (0..=text.len()).any(|n| by_definition(after, &text[n..])),
            Some((wanted, after)) => text.split_first().is_some_and(|(c, rest)| {
                (*wanted == '_' || wanted == c) && by_definition(after, rest)
            }),
        }
    }

    #[test]
    fn an_escape_counts_before_wildcards_and_itself_alone() {
        assert!(like("a!%", "a%"));
        assert!(!like("a!%", "ab"));
        assert!(like("a!_", "a_"));
        assert!(like("a!!b", "a!b"));
        assert!(like("a!b", "a!b"));
        assert!(!like("a!b", "ab"));
        assert!(like("a!", "a!"));
        assert!(like("a!!%", "a!xyz"));
        assert!(like("_", "𝄞"));
        assert!(like("%b%", "a\nb"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_more_than_the_product_of_the_lengths() {
        let pattern = Pattern::new(&"%a".repeat(2000), None);
        assert!(!pattern.is_like(&format!("{}b", "a".repeat(4000))));
    }

    proptest! {
        #[test]
        fn patterns_mean_what_the_definition_says(pattern in "[ab%_]{0,7}", text in "[ab]{0,8}") {
            let units: Vec<char> = pattern.chars().collect();
            let letters: Vec<char> = text.chars().collect();
            prop_assert_eq!(
                Pattern::new(&pattern, None).is_like(&text),
                by_definition(&units, &letters)
            );
        }
    }
}
