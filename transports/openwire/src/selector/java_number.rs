//! Floating-point numbers as Java writes them (`Double.toString`, `Float.toString`).

/// A double as text.
pub(super) fn double(value: f64) -> String {
    if value.is_finite() {
        lay_out(&format!("{value:e}"))
    } else {
        special(value)
    }
}

/// A float as text.
pub(super) fn float(value: f32) -> String {
    if value.is_finite() {
        lay_out(&format!("{value:e}"))
    } else {
        special(value.into())
    }
}

fn special(value: f64) -> String {
    let name = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    name.to_owned()
}

/// From the shortest digits with an exponent (`1.25e3`) to Java's form: plain from 10⁻³ up to 10⁷, with at
/// least one digit behind the point.
fn lay_out(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let or_zero = |digits: &str| {
        if digits.is_empty() {
            "0".to_owned()
        } else {
            digits.to_owned()
        }
    };
    match exponent {
        0..=6 => {
            let exponent = usize::try_from(exponent).unwrap_or(0);
            let padded = format!("{fraction:0<exponent$}");
            let (whole, rest) = padded.split_at_checked(exponent).unwrap_or((&padded, ""));
            format!("{sign}{first}{whole}.{}", or_zero(rest))
        }
        -3..=-1 => {
            let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
            format!("{sign}0.{}{first}{fraction}", "0".repeat(zeros))
        }
        _ => format!("{sign}{first}.{}E{exponent}", or_zero(fraction)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_laid_out_as_java_does() {
        let doubles = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (1.5, "1.5"),
            (100.0, "100.0"),
            (1_234_567.875, "1234567.875"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (123_456_789.125, "1.23456789125E8"),
            (0.001, "0.001"),
            (0.0125, "0.0125"),
            (1e-5, "1.0E-5"),
            (-2.5e-10, "-2.5E-10"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in doubles {
            assert_eq!(double(value), text);
        }
        assert_eq!(float(0.1), "0.1");
        assert_eq!(float(1e10), "1.0E10");
    }
}
