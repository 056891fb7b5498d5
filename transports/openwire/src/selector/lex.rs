//! Selectors as tokens.

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take, take_until, take_while, take_while1};
use nom::character::complete::{anychar, char, one_of};
use nom::combinator::{not, opt, peek, recognize, value, verify};
use nom::multi::{fold_many0, many0_count};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::error::{SelectorError, SelectorFlaw};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Int(i32),
    Long(i64),
    Double(f64),
    /// One above the largest long; right only behind a minus.
    LeastLong,
    Word(Word),
    Sign(Sign),
}

macro_rules! words {
    ($($variant:ident = $name:literal,)*) => {
        /// A word with a meaning of its own, in any case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Word {
            $($variant,)*
        }

        fn word_of(name: &str) -> Option<Word> {
            $(if name.eq_ignore_ascii_case($name) {
                return Some(Word::$variant);
            })*
            None
        }
    };
}

words! {
    Not = "NOT", And = "AND", Or = "OR", Between = "BETWEEN", Like = "LIKE", Escape = "ESCAPE", In = "IN",
    Is = "IS", True = "TRUE", False = "FALSE", Null = "NULL", XPath = "XPATH", XQuery = "XQUERY",
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Open,
    Close,
    Comma,
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Cuts a selector into tokens. Names may hold hyphens if `hyphens`.
pub(super) fn lex(text: &str, hyphens: bool) -> Result<Vec<Placed>, SelectorError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = skip(rest);
        let from = text.len() - rest.len();
        if rest.is_empty() {
            return Ok(tokens);
        }
        let (after, token) = match token(rest, hyphens) {
            Ok(found) => found,
            Err(flaw) => return Err(SelectorError::new(flaw, from)),
        };
        let to = text.len() - after.len();
        tokens.push(Placed { token, from, to });
        rest = after;
    }
}

/// What stands between tokens: white space and comments. A line comment needs the end of its line: without
/// one, `--` is two signs (Seen: ActiveMQ 5.17).
fn skip(input: &str) -> &str {
    let space = take_while1(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c'));
    let line = recognize((tag("--"), opt(is_not("\r\n")), one_of("\r\n")));
    let block = recognize((tag("/*"), take_until("*/"), take(2_usize)));
    let skipped: IResult<&str, usize> = many0_count(alt((space, line, block))).parse(input);
    skipped.map_or(input, |(rest, _)| rest)
}

fn token(input: &str, hyphens: bool) -> Result<(&str, Token), SelectorFlaw> {
    if let Ok((rest, digits)) = number(input) {
        return Ok((rest, digits?));
    }
    let found = alt((text, |input| name(input, hyphens), sign)).parse(input);
    found.map_err(|_| {
        if input.starts_with('\'') || input.starts_with("/*") {
            return SelectorFlaw::RemoteUnclosed;
        }
        let first = input.chars().next().unwrap_or_default();
        SelectorFlaw::RemoteCharacter(first)
    })
}

/// The longest of the forms that fits, as in Java.
fn number(input: &str) -> IResult<&str, Result<Token, SelectorFlaw>> {
    fn digits(input: &str) -> IResult<&str, &str> {
        take_while(|c: char| c.is_ascii_digit()).parse(input)
    }
    fn some_digits(input: &str) -> IResult<&str, &str> {
        take_while1(|c: char| c.is_ascii_digit()).parse(input)
    }
    fn exponent(input: &str) -> IResult<&str, &str> {
        recognize((one_of("eE"), opt(one_of("+-")), some_digits)).parse(input)
    }
    let pointed = recognize((digits, char('.'), digits, opt(exponent)));
    // A point alone is no number.
    let pointed = verify(pointed, |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit())
            || text.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
    });
    let raised = recognize((some_digits, exponent));
    let double = alt((pointed, raised)).map(|text: &str| {
        // Everything of this form reads; what is too large is infinite.
        Ok(Token::Double(text.parse().unwrap_or(f64::NAN)))
    });
    let hexadecimal = preceded(
        (char('0'), one_of("xX")),
        take_while1(|c: char| c.is_ascii_hexdigit()),
    )
    .map(|text| whole(text, 16));
    let decimal = terminated(recognize((one_of("123456789"), digits)), opt(one_of("lL")))
        .map(|text| whole(text, 10));
    let octal =
        recognize((char('0'), take_while(|c| matches!(c, '0'..='7')))).map(|text| whole(text, 8));
    alt((double, hexadecimal, decimal, octal)).parse(input)
}

fn whole(text: &str, radix: u32) -> Result<Token, SelectorFlaw> {
    const ABOVE_LONG: u64 = 1 << 63;
    match u64::from_str_radix(text, radix) {
        Ok(ABOVE_LONG) if radix == 10 => Ok(Token::LeastLong),
        Ok(number) => {
            let number = i64::try_from(number).map_err(|_| SelectorFlaw::LimitNumber)?;
            Ok(i32::try_from(number).map_or(Token::Long(number), Token::Int))
        }
        Err(_) => Err(SelectorFlaw::LimitNumber),
    }
}

fn text(input: &str) -> IResult<&str, Token> {
    let quote = value("'", tag("''"));
    let inside = fold_many0(
        alt((is_not("'"), quote)),
        String::new,
        |mut text: String, piece| {
            text.push_str(piece);
            text
        },
    );
    delimited(char('\''), inside, (char('\''), peek(not(char('\'')))))
        .map(Token::Text)
        .parse(input)
}

fn name(input: &str, hyphens: bool) -> IResult<&str, Token> {
    let first = verify(anychar, |c| {
        c.is_ascii_alphabetic() || matches!(c, '_' | '$')
    });
    let others = take_while(|c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || (hyphens && c == '-')
    });
    recognize((first, others))
        .map(|name: &str| word_of(name).map_or_else(|| Token::Name(name.to_owned()), Token::Word))
        .parse(input)
}

fn sign(input: &str) -> IResult<&str, Token> {
    let two = alt((
        value(Sign::NotEqual, tag("<>")),
        value(Sign::LessOrEqual, tag("<=")),
        value(Sign::GreaterOrEqual, tag(">=")),
    ));
    let one = alt((
        value(Sign::Equal, char('=')),
        value(Sign::Less, char('<')),
        value(Sign::Greater, char('>')),
        value(Sign::Plus, char('+')),
        value(Sign::Minus, char('-')),
        value(Sign::Star, char('*')),
        // The beginning of a comment without end is no division.
        value(Sign::Slash, terminated(char('/'), not(char('*')))),
        value(Sign::Percent, char('%')),
        value(Sign::Open, char('(')),
        value(Sign::Close, char(')')),
        value(Sign::Comma, char(',')),
    ));
    alt((two, one)).map(Token::Sign).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        let placed = lex(text, false).unwrap();
        placed.into_iter().map(|placed| placed.token).collect()
    }

    #[test]
    fn numbers_take_the_longest_form_that_fits() {
        assert_eq!(tokens("010"), [Token::Int(8)]);
        assert_eq!(tokens("09"), [Token::Int(0), Token::Int(9)]);
        assert_eq!(tokens("0x1F"), [Token::Int(31)]);
        assert_eq!(tokens("5L"), [Token::Int(5)]);
        assert_eq!(tokens("2147483648"), [Token::Long(2_147_483_648)]);
        assert_eq!(tokens("9223372036854775808"), [Token::LeastLong]);
        assert_eq!(tokens("1."), [Token::Double(1.0)]);
        assert_eq!(tokens(".5e1"), [Token::Double(5.0)]);
        assert_eq!(tokens("1e3"), [Token::Double(1000.0)]);
        assert_eq!(tokens("5e"), [Token::Int(5), Token::Name("e".into())]);
        let flaw = lex("a = 9223372036854775809", false).unwrap_err();
        assert_eq!(
            (flaw.flaw(), flaw.offset()),
            (&SelectorFlaw::LimitNumber, 4)
        );
    }

    #[test]
    fn quotes_are_doubled_and_comments_skipped() {
        assert_eq!(tokens("'a''b'"), [Token::Text("a'b".into())]);
        assert_eq!(tokens("''"), [Token::Text(String::new())]);
        assert_eq!(tokens("/* a */ b -- c\n"), [Token::Name("b".into())]);
        assert_eq!(tokens("--1").len(), 3, "no comment without an end of line");
        assert_eq!(tokens("<>").len(), 1);
        for unclosed in ["'a", "'a''", "/* a"] {
            let error = lex(unclosed, false).unwrap_err();
            assert_eq!(error.flaw(), &SelectorFlaw::RemoteUnclosed, "{unclosed}");
        }
        let error = lex("a.b", false).unwrap_err();
        assert_eq!(error.flaw(), &SelectorFlaw::RemoteCharacter('.'));
        assert_eq!(error.offset(), 1);
    }

    #[test]
    fn hyphens_belong_to_names_when_asked() {
        assert_eq!(lex("a-b", true).unwrap().len(), 1);
        assert_eq!(lex("a-b", false).unwrap().len(), 3);
    }
}
