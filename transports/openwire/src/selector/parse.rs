//! The grammar of selectors, and what may stand where.

use super::error::{SelectorError, SelectorFlaw};
use super::lex::{Placed, Sign, Token, Word, lex};
use super::pattern::Pattern;
use super::tree::{Comparison, Computation, Constant, Expression, Field, Step};

/// The longest selector that is taken, bytes.
pub const MAX_LENGTH: usize = 8192;
/// How deep parentheses, signs and `NOT`s may be nested.
pub const MAX_DEPTH: usize = 64;

const CONVERTING: &str = "convert_string_expressions:";
const HYPHENS: &str = "hyphenated_props:";

type Parsed = Result<Expression, SelectorError>;

/// Reads a selector; also whether strings are converted in comparisons.
pub(super) fn parse(text: &str) -> Result<(Expression, bool), SelectorError> {
    if text.len() > MAX_LENGTH {
        let flaw = SelectorFlaw::LimitLength { limit: MAX_LENGTH };
        return Err(SelectorError::new(flaw, MAX_LENGTH));
    }
    let (mut converting, mut hyphens, mut rest) = (false, false, text);
    if let Some(after) = rest.strip_prefix(CONVERTING) {
        (converting, rest) = (true, after);
    }
    if let Some(after) = rest.strip_prefix(HYPHENS) {
        (hyphens, rest) = (true, after);
    }
    let skipped = text.len() - rest.len();
    let tree = lex(rest, hyphens).and_then(|tokens| {
        let mut parser = Parser {
            text: rest,
            tokens: &tokens,
            depth: 0,
        };
        let tree = parser.any()?;
        if !parser.tokens.is_empty() {
            return Err(parser.unexpected("an operator"));
        }
        to_condition(tree, 0)
    });
    let tree =
        tree.map_err(|error| SelectorError::new(error.flaw().clone(), error.offset() + skipped))?;
    Ok((tree, converting))
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Placed],
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.first().map(|placed| &placed.token)
    }

    fn advance(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }

    /// Where the next token stands.
    fn offset(&self) -> usize {
        self.tokens
            .first()
            .map_or(self.text.len(), |next| next.from)
    }

    fn unexpected(&self, wanted: &'static str) -> SelectorError {
        let found = self.tokens.first();
        let found = found.and_then(|next| self.text.get(next.from..next.to));
        let flaw = SelectorFlaw::RemoteUnexpected {
            wanted,
            found: found.map(str::to_owned),
        };
        SelectorError::new(flaw, self.offset())
    }

    fn takes_word(&mut self, word: Word) -> bool {
        let is = self.peek() == Some(&Token::Word(word));
        if is {
            self.advance();
        }
        is
    }

    fn takes_sign(&mut self, sign: Sign) -> bool {
        let is = self.peek() == Some(&Token::Sign(sign));
        if is {
            self.advance();
        }
        is
    }

    fn need_sign(&mut self, sign: Sign, wanted: &'static str) -> Result<(), SelectorError> {
        if self.takes_sign(sign) {
            return Ok(());
        }
        Err(self.unexpected(wanted))
    }

    fn need_text(&mut self) -> Result<String, SelectorError> {
        if let Some(Token::Text(text)) = self.peek() {
            let text = text.clone();
            self.advance();
            return Ok(text);
        }
        Err(self.unexpected("a string"))
    }

    /// `a OR b OR …`
    fn any(&mut self) -> Parsed {
        let from = self.offset();
        let first = self.all()?;
        if self.peek() != Some(&Token::Word(Word::Or)) {
            return Ok(first);
        }
        let mut terms = vec![to_condition(first, from)?];
        while self.takes_word(Word::Or) {
            let from = self.offset();
            let term = self.all()?;
            terms.push(to_condition(term, from)?);
        }
        Ok(Expression::Any(terms))
    }

    /// `a AND b AND …`
    fn all(&mut self) -> Parsed {
        let from = self.offset();
        let first = self.equality()?;
        if self.peek() != Some(&Token::Word(Word::And)) {
            return Ok(first);
        }
        let mut terms = vec![to_condition(first, from)?];
        while self.takes_word(Word::And) {
            let from = self.offset();
            let term = self.equality()?;
            terms.push(to_condition(term, from)?);
        }
        Ok(Expression::All(terms))
    }

    /// `=`, `<>`, `IS NULL`
    fn equality(&mut self) -> Parsed {
        let from = self.offset();
        let mut left = self.relation()?;
        loop {
            let step = if self.takes_word(Word::Is) {
                let negated = self.takes_word(Word::Not);
                if !self.takes_word(Word::Null) {
                    return Err(self.unexpected("NULL"));
                }
                Step::IsNull { negated }
            } else {
                let comparison = match self.peek() {
                    Some(Token::Sign(Sign::Equal)) => Comparison::Equal,
                    Some(Token::Sign(Sign::NotEqual)) => Comparison::NotEqual,
                    _ => return Ok(left),
                };
                self.advance();
                let at = self.offset();
                let right = self.relation()?;
                let is_null = |side: &Expression| *side == Expression::Constant(Constant::Null);
                let boolean = matches!(left, Expression::Constant(Constant::Boolean(_)));
                let other = matches!(&right, Expression::Constant(right)
                    if !matches!(right, Constant::Boolean(_)));
                if is_null(&left) {
                    return Err(SelectorError::new(SelectorFlaw::RemoteIncomparable, from));
                }
                if is_null(&right) || (boolean && other) {
                    return Err(SelectorError::new(SelectorFlaw::RemoteIncomparable, at));
                }
                Step::Compare(comparison, right)
            };
            left = chained(left, step);
        }
    }

    /// `<`, `LIKE`, `BETWEEN`, `IN` and their kin
    fn relation(&mut self) -> Parsed {
        let from = self.offset();
        let mut left = self.sum()?;
        loop {
            let comparison = match self.peek() {
                Some(Token::Sign(Sign::Less)) => Some(Comparison::Less),
                Some(Token::Sign(Sign::LessOrEqual)) => Some(Comparison::LessOrEqual),
                Some(Token::Sign(Sign::Greater)) => Some(Comparison::Greater),
                Some(Token::Sign(Sign::GreaterOrEqual)) => Some(Comparison::GreaterOrEqual),
                _ => None,
            };
            if let Some(comparison) = comparison {
                self.advance();
                check_ordered(&left, from)?;
                let right = self.ordered_sum()?;
                left = chained(left, Step::Compare(comparison, right));
                continue;
            }
            let negated = self.takes_word(Word::Not);
            let step = if self.takes_word(Word::Like) {
                self.like(negated)?
            } else if self.takes_word(Word::Between) {
                check_ordered(&left, from)?;
                let low = self.ordered_sum()?;
                if !self.takes_word(Word::And) {
                    return Err(self.unexpected("AND"));
                }
                let high = self.ordered_sum()?;
                Step::Between { low, high, negated }
            } else if self.takes_word(Word::In) {
                if !matches!(left, Expression::Property(_) | Expression::Field(_)) {
                    return Err(SelectorError::new(SelectorFlaw::RemoteNotProperty, from));
                }
                self.list(negated)?
            } else if negated {
                return Err(self.unexpected("LIKE, BETWEEN or IN"));
            } else {
                return Ok(left);
            };
            left = chained(left, step);
        }
    }

    fn ordered_sum(&mut self) -> Parsed {
        let from = self.offset();
        let sum = self.sum()?;
        check_ordered(&sum, from)?;
        Ok(sum)
    }

    fn like(&mut self, negated: bool) -> Result<Step, SelectorError> {
        let text = self.need_text()?;
        let mut escape = None;
        if self.takes_word(Word::Escape) {
            let at = self.offset();
            let given = self.need_text()?;
            let mut chars = given.chars();
            escape = chars.next().filter(|c| c.len_utf16() == 1);
            if escape.is_none() || chars.next().is_some() {
                return Err(SelectorError::new(SelectorFlaw::RemoteEscape, at));
            }
        }
        let pattern = Pattern::new(&text, escape);
        Ok(Step::Like { pattern, negated })
    }

    fn list(&mut self, negated: bool) -> Result<Step, SelectorError> {
        self.need_sign(Sign::Open, "(")?;
        let mut texts = vec![self.need_text()?];
        while self.takes_sign(Sign::Comma) {
            texts.push(self.need_text()?);
        }
        self.need_sign(Sign::Close, ", or )")?;
        texts.sort_unstable();
        texts.dedup();
        Ok(Step::In { texts, negated })
    }

    /// `+`, `-`
    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let computation = match self.peek() {
                Some(Token::Sign(Sign::Plus)) => Computation::Add,
                Some(Token::Sign(Sign::Minus)) => Computation::Subtract,
                _ => return Ok(left),
            };
            self.advance();
            let right = self.product()?;
            left = chained(left, Step::Compute(computation, right));
        }
    }

    /// `*`, `/`, `%`
    fn product(&mut self) -> Parsed {
        let mut left = self.term()?;
        loop {
            let computation = match self.peek() {
                Some(Token::Sign(Sign::Star)) => Computation::Multiply,
                Some(Token::Sign(Sign::Slash)) => Computation::Divide,
                Some(Token::Sign(Sign::Percent)) => Computation::Remainder,
                _ => return Ok(left),
            };
            self.advance();
            let right = self.term()?;
            left = chained(left, Step::Compute(computation, right));
        }
    }

    /// Something one level deeper.
    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth >= MAX_DEPTH {
            let flaw = SelectorFlaw::LimitDepth { limit: MAX_DEPTH };
            return Err(SelectorError::new(flaw, self.offset()));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Signs, `NOT`, values, names, parentheses
    fn term(&mut self) -> Parsed {
        const WANTED: &str = "a value, a property or (";
        let from = self.offset();
        let Some(token) = self.peek().cloned() else {
            return Err(self.unexpected(WANTED));
        };
        if token == Token::LeastLong {
            return Err(SelectorError::new(SelectorFlaw::LimitNumber, from));
        }
        self.advance();
        let constant = match token {
            Token::Int(number) => Constant::Int(number),
            Token::Long(number) => Constant::Long(number),
            Token::Double(number) => Constant::Double(number),
            Token::Text(text) => Constant::Text(text),
            Token::Word(Word::True) => Constant::Boolean(true),
            Token::Word(Word::False) => Constant::Boolean(false),
            Token::Word(Word::Null) => Constant::Null,
            Token::Name(name) => {
                return Ok(
                    Field::named(&name).map_or(Expression::Property(name), Expression::Field)
                );
            }
            Token::Sign(Sign::Plus) => return self.nested(Self::term),
            Token::Sign(Sign::Minus) => {
                if self.peek() == Some(&Token::LeastLong) {
                    self.advance();
                    // Its negative is itself.
                    let least = Expression::Constant(Constant::Long(i64::MIN));
                    return Ok(Expression::Negative(Box::new(least)));
                }
                let term = self.nested(Self::term)?;
                return Ok(Expression::Negative(Box::new(term)));
            }
            Token::Word(Word::Not) => {
                let from = self.offset();
                let term = self.nested(Self::term)?;
                return Ok(Expression::Not(Box::new(to_condition(term, from)?)));
            }
            Token::Sign(Sign::Open) => {
                let inside = self.nested(Self::any)?;
                self.need_sign(Sign::Close, "an operator or )")?;
                return Ok(inside);
            }
            Token::Word(Word::XPath | Word::XQuery) => {
                return Err(SelectorError::new(SelectorFlaw::RefusedBodyQuery, from));
            }
            Token::LeastLong | Token::Word(_) | Token::Sign(_) => {
                let flaw = SelectorFlaw::RemoteUnexpected {
                    wanted: WANTED,
                    found: self
                        .text
                        .get(from..)
                        .and_then(first_word)
                        .map(str::to_owned),
                };
                return Err(SelectorError::new(flaw, from));
            }
        };
        Ok(Expression::Constant(constant))
    }
}

/// The first token of a text, roughly: for an error.
fn first_word(text: &str) -> Option<&str> {
    let word = text.split(|c: char| !c.is_ascii_alphanumeric()).next();
    word.filter(|word| !word.is_empty())
        .or_else(|| text.get(..1))
}

/// A step more at the right end of a chain.
fn chained(left: Expression, step: Step) -> Expression {
    match left {
        Expression::Chain(first, mut steps) => {
            steps.push(step);
            Expression::Chain(first, steps)
        }
        first => Expression::Chain(Box::new(first), vec![step]),
    }
}

/// A term where a condition is needed: a property is one, a number is not.
fn to_condition(term: Expression, from: usize) -> Parsed {
    match term {
        Expression::Property(_) | Expression::Field(_) => Ok(Expression::Condition(Box::new(term))),
        condition if condition.is_condition() => Ok(condition),
        _ => Err(SelectorError::new(SelectorFlaw::RemoteNotBoolean, from)),
    }
}

/// Only numbers have an order, and what might be one.
fn check_ordered(side: &Expression, from: usize) -> Result<(), SelectorError> {
    let unordered = match side {
        Expression::Constant(constant) => matches!(
            constant,
            Constant::Null | Constant::Boolean(_) | Constant::Text(_)
        ),
        other => other.is_condition(),
    };
    if unordered {
        return Err(SelectorError::new(SelectorFlaw::RemoteIncomparable, from));
    }
    Ok(())
}
