//! What a selector says of a message.

use core::cmp::Ordering;
use core::fmt;

use super::operand::Operand;
use super::subject::Subject;
use super::tree::{Comparison, Expression, Step};

/// The three values of SQL's logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It depends on something that the message lacks.
    Unknown,
}

/// The expression cannot be computed for this message: it subtracts from a string, or its properties do not
/// read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomputable;

impl fmt::Display for Incomputable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the selector cannot be computed for this message")
    }
}

impl core::error::Error for Incomputable {}

type Computed<'a> = Result<Operand<'a>, Incomputable>;

impl Truth {
    const fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    const fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    /// The opposite if `negated`.
    const fn unless(self, negated: bool) -> Self {
        if negated { self.not() } else { self }
    }
}

impl From<Truth> for Operand<'_> {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::Boolean(true),
            Truth::False => Self::Boolean(false),
            Truth::Unknown => Self::Null,
        }
    }
}

/// A value as a condition: what is no boolean is false, nothing is unknown.
fn truth_of(value: &Operand<'_>) -> Truth {
    match value {
        Operand::Null => Truth::Unknown,
        Operand::Boolean(value) => Truth::of(*value),
        _ => Truth::False,
    }
}

/// The truth of a whole selector.
pub(super) fn evaluate(
    root: &Expression,
    subject: &Subject<'_>,
    converting: bool,
) -> Result<Truth, Incomputable> {
    let evaluation = Evaluation {
        subject,
        converting,
    };
    evaluation.truth(root)
}

struct Evaluation<'a, 'm> {
    subject: &'a Subject<'m>,
    converting: bool,
}

impl<'a> Evaluation<'a, '_> {
    fn truth(&self, expression: &'a Expression) -> Result<Truth, Incomputable> {
        Ok(truth_of(&self.value(expression)?))
    }

    fn value(&self, expression: &'a Expression) -> Computed<'a> {
        match expression {
            Expression::Constant(constant) => Ok(constant.into()),
            Expression::Field(field) => Ok(self.subject.field(*field)),
            Expression::Property(name) => self.subject.property(name),
            Expression::Condition(inner) => self.truth(inner).map(Operand::from),
            Expression::Not(inner) => Ok(self.truth(inner)?.not().into()),
            Expression::Negative(inner) => Ok(self.value(inner)?.negate()),
            Expression::Any(terms) => self.first(terms, Truth::True).map(Operand::from),
            Expression::All(terms) => self.first(terms, Truth::False).map(Operand::from),
            Expression::Chain(first, steps) => {
                let mut value = self.value(first)?;
                for step in steps {
                    value = self.step(value, step)?;
                }
                Ok(value)
            }
        }
    }

    /// `decisive` as soon as a term has it; what comes behind is not computed. Else unknown, if a term is.
    fn first(&self, terms: &'a [Expression], decisive: Truth) -> Result<Truth, Incomputable> {
        let mut known = true;
        for term in terms {
            match self.truth(term)? {
                truth if truth == decisive => return Ok(decisive),
                truth => known &= truth != Truth::Unknown,
            }
        }
        Ok(if known {
            decisive.not()
        } else {
            Truth::Unknown
        })
    }

    fn step(&self, left: Operand<'a>, step: &'a Step) -> Computed<'a> {
        let truth = match step {
            Step::Compute(..) if left == Operand::Null => return Ok(left),
            Step::Compute(computation, right) => {
                let right = self.value(right)?;
                return left.compute(*computation, &right);
            }
            // What lacks on the left decides before the right is looked at.
            Step::Compare(comparison, _) if left == Operand::Null && !comparison.is_equality() => {
                Truth::Unknown
            }
            Step::Between { .. } if left == Operand::Null => Truth::Unknown,
            Step::Compare(comparison, right) => {
                let right = self.value(right)?;
                self.compare(&left, *comparison, &right)
            }
            Step::IsNull { negated } => Truth::of((left == Operand::Null) != *negated),
            Step::Like { pattern, negated } => match left {
                Operand::Null => Truth::Unknown,
                Operand::Text(text) => Truth::of(pattern.is_like(&text)).unless(*negated),
                _ => Truth::of(*negated),
            },
            Step::In { texts, negated } => match left {
                Operand::Text(text) => {
                    let found = texts.binary_search_by(|one| one.as_str().cmp(&text));
                    Truth::of(found.is_ok()).unless(*negated)
                }
                _ => Truth::Unknown,
            },
            Step::Between { low, high, negated } => {
                // Outside is a question of its own: what has no order is neither inside nor outside.
                let (first, second) = if *negated {
                    (Comparison::Less, Comparison::Greater)
                } else {
                    (Comparison::GreaterOrEqual, Comparison::LessOrEqual)
                };
                let decisive = Truth::of(*negated);
                let first = self.compare(&left, first, &self.value(low)?);
                if first == decisive {
                    return Ok(first.into());
                }
                let second = self.compare(&left, second, &self.value(high)?);
                if first == Truth::Unknown && second != decisive {
                    first
                } else {
                    second
                }
            }
        };
        Ok(truth.into())
    }

    fn compare(&self, left: &Operand<'_>, comparison: Comparison, right: &Operand<'_>) -> Truth {
        match (left, right) {
            (Operand::Null, Operand::Null) if comparison.is_equality() => {
                return Truth::of(comparison == Comparison::Equal);
            }
            (Operand::Null, _) => return Truth::Unknown,
            (_, Operand::Null) if comparison.is_equality() => {
                return Truth::of(comparison == Comparison::NotEqual);
            }
            (_, Operand::Null) => return Truth::Unknown,
            _ => {}
        }
        let order = left.compare(right, self.converting);
        Truth::of(match comparison {
            Comparison::Equal => order == Some(Ordering::Equal),
            Comparison::NotEqual => order != Some(Ordering::Equal),
            Comparison::Less => order == Some(Ordering::Less),
            Comparison::LessOrEqual => order.is_some_and(Ordering::is_le),
            Comparison::Greater => order == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        })
    }
}
