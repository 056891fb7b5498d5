//! What was looked at and what was found: one line each, and the same as JSON.

use core::fmt;
use core::time::Duration;
use serde::Serialize;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// Not looked at; the finding says why.
    Skipped,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
        })
    }
}

/// What a check found, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    /// One sentence without a full stop; never holds a secret.
    pub(crate) text: String,
    /// What to do; empty where there is nothing to do.
    pub(crate) hint: String,
}

impl Finding {
    pub(crate) fn ok(text: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, text, "")
    }

    pub(crate) fn skipped(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, text, hint)
    }

    pub(crate) fn warning(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, text, hint)
    }

    pub(crate) fn failed(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Verdict::Failed, text, hint)
    }

    fn new(verdict: Verdict, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            verdict,
            text: one_line(&text.into()),
            hint: one_line(&hint.into()),
        }
    }
}

/// The longest text of a finding, in characters: peers have a say in it.
const LONGEST: usize = 600;

/// What a peer wrote, made fit for one line.
fn one_line(text: &str) -> String {
    let mut line: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) verdict: Verdict,
    /// Of which part: `broker`, `Finesse A`, `Finesse A notifications`, `configuration`.
    pub(crate) part: String,
    /// What was looked at: `dns`, `tcp`, `tls`, `login`, …
    pub(crate) what: &'static str,
    /// The host, address, file or name that it is about.
    pub(crate) target: String,
    pub(crate) finding: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) hint: String,
    /// How long it took.
    pub(crate) took_ms: u64,
}

impl Check {
    pub(crate) fn new(
        part: &str,
        what: &'static str,
        target: &str,
        finding: Finding,
        took: Duration,
    ) -> Self {
        Self {
            verdict: finding.verdict,
            part: part.to_owned(),
            what,
            target: target.to_owned(),
            finding: finding.text,
            hint: finding.hint,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = format!("{} {}", self.part, self.what);
        write!(
            f,
            "{:<7}  {subject:<31}  {}: {}",
            self.verdict, self.target, self.finding
        )?;
        if !self.hint.is_empty() {
            write!(f, "; hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) version: &'static str,
    /// The worst of the checks.
    pub(crate) verdict: Verdict,
    pub(crate) took_ms: u64,
    pub(crate) checks: Vec<Check>,
}

impl Report {
    pub(crate) fn new(checks: Vec<Check>, took: Duration) -> Self {
        let worst = checks.iter().map(|check| check.verdict).max();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            verdict: match worst {
                None | Some(Verdict::Skipped) => Verdict::Ok,
                Some(verdict) => verdict,
            },
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            checks,
        }
    }

    /// Whether anything does not work.
    pub(crate) fn is_failed(&self) -> bool {
        self.verdict == Verdict::Failed
    }

    fn count(&self, verdict: Verdict) -> usize {
        let checks = self.checks.iter();
        checks.filter(|check| check.verdict == verdict).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            writeln!(f, "{check}")?;
        }
        let failed = self.count(Verdict::Failed);
        write!(f, "{} checks: {failed} failed", self.checks.len())?;
        write!(f, ", {} warnings", self.count(Verdict::Warning))?;
        write!(f, ", {} skipped", self.count(Verdict::Skipped))?;
        if failed > 0 {
            f.write_str("; what follows a failed check on its way was not tried")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(finding: Finding) -> Check {
        Check::new(
            "broker",
            "dns",
            "amq.example",
            finding,
            Duration::from_millis(3),
        )
    }

    #[test]
    fn a_check_is_one_line_whatever_a_peer_wrote_into_it() {
        let line = check(Finding::failed("it said \"no\r\nway\"", "ask\nit")).to_string();
        assert_eq!(
            line,
            "FAILED   broker dns                       amq.example: it said \"no  way\"; hint: ask it"
        );
        let long = check(Finding::ok("x".repeat(100_000))).to_string();
        assert!(long.chars().count() < 700, "{}", long.len());
    }

    #[test]
    fn a_report_is_as_bad_as_its_worst_check_and_skipping_is_no_fault() {
        let verdict = |findings: Vec<Finding>| {
            let checks = findings.into_iter().map(check).collect();
            Report::new(checks, Duration::ZERO).verdict
        };
        let (ok, skipped) = (Finding::ok("a"), Finding::skipped("b", ""));
        let (warning, failed) = (Finding::warning("c", ""), Finding::failed("d", ""));

        assert_eq!(verdict(vec![]), Verdict::Ok);
        assert_eq!(verdict(vec![ok.clone(), skipped.clone()]), Verdict::Ok);
        assert_eq!(verdict(vec![warning.clone(), skipped]), Verdict::Warning);
        assert_eq!(verdict(vec![failed, warning, ok]), Verdict::Failed);
    }
}
