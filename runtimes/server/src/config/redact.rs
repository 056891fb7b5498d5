//! What is secret in an address, left out.

/// `text` with the same number of characters, where passwords of addresses (`scheme://user:password@host`) and
/// values of options whose name speaks of a password (`?…password=…`) are asterisks.
pub(crate) fn mask(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let rest = chars.get(at..).unwrap_or_default();
        if rest.starts_with(&[':', '/', '/']) {
            at += 3;
            mask_user_info(&mut chars, at);
        } else if starts_with_word(rest, "password=") {
            at += "password=".len();
            while let Some(c) = chars.get_mut(at).filter(|c| !ends_value(**c)) {
                *c = '*';
                at += 1;
            }
        } else {
            at += 1;
        }
    }
    chars.into_iter().collect()
}

fn mask_user_info(chars: &mut [char], from: usize) {
    let authority = chars.iter().enumerate().skip(from);
    let authority =
        authority.take_while(|(_, c)| !matches!(c, '/' | ',' | '?' | '"' | '\'' | ' ' | ')' | '('));
    let Some((at_sign, _)) = authority.filter(|(_, c)| **c == '@').last() else {
        return;
    };
    let colon = chars
        .iter()
        .take(at_sign)
        .skip(from)
        .position(|c| *c == ':');
    if let Some(colon) = colon {
        for c in chars.iter_mut().take(at_sign).skip(from + colon + 1) {
            *c = '*';
        }
    }
}

fn starts_with_word(chars: &[char], word: &str) -> bool {
    chars.len() >= word.len()
        && chars
            .iter()
            .zip(word.chars())
            .all(|(c, w)| c.eq_ignore_ascii_case(&w))
}

const fn ends_value(c: char) -> bool {
    matches!(c, '&' | ')' | '"' | '\'' | ',' | ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_addresses_are_asterisks_and_nothing_else_changes() {
        for (text, wanted) in [
            ("tcp://a:61616", "tcp://a:61616"),
            ("tcp://joe:pa:ss@a:1", "tcp://joe:*****@a:1"),
            (
                "failover:(tcp://j:x@a:1,ssl://k:yy@b:2)?timeout=3",
                "failover:(tcp://j:*@a:1,ssl://k:**@b:2)?timeout=3",
            ),
            (
                "tcp://a:1?jms.userName=u&jms.Password=p&x=1",
                "tcp://a:1?jms.userName=u&jms.Password=*&x=1",
            ),
            ("tcp://joe@a:1", "tcp://joe@a:1"),
            ("mail@example", "mail@example"),
        ] {
            assert_eq!(mask(text), wanted);
        }
    }
}
