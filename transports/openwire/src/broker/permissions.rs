//! Who may do what where.

use core::fmt;

use finewire_core::machine::LinkId;

use crate::command::{Destination, DestinationKind, Text};

use super::fault::Fault;
use super::machine::Broker;
use super::sending::ADVISORY;

/// What users may do, by patterns of destinations. What nothing grants is refused.
///
/// Temporary destinations are free: only their own connection consumes them anyway. So are the advisories
/// about them, which the Java client always reads.
///
/// ```
/// use finewire_openwire::broker::Permissions;
///
/// let permissions: Permissions = "
///     ## user     rights            destination (* one element, > the rest)
///     connector  read,write,admin  queue://Connector1
///     connector  write             topic://>
///     *          read              topic://news.>
/// ".parse()?;
/// # Ok::<(), finewire_openwire::broker::PermissionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(Vec<Grant>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    /// `None`: every user.
    user: Option<String>,
    rights: Vec<Right>,
    pattern: Destination,
}

/// One thing that a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    /// Consume and browse.
    Read,
    /// Send.
    Write,
    /// Make and delete, which a first consumer or a first message does too.
    Admin,
}

/// A line that is no grant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub flaw: &'static str,
}

impl fmt::Display for PermissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.flaw)
    }
}

impl core::error::Error for PermissionError {}

impl core::str::FromStr for Permissions {
    type Err = PermissionError;

    /// Reads a line `USER RIGHTS DESTINATION` for each grant; `*` is every user, rights are separated by
    /// commas, empty lines and those after `#` do not count.
    fn from_str(text: &str) -> Result<Self, PermissionError> {
        let mut grants = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let fail = |flaw| PermissionError { line, flaw };
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let mut words = text.split_whitespace();
            let (Some(user), Some(rights), Some(pattern), None) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(fail("a user, rights and a destination are needed"));
            };
            let rights = rights.split(',').map(|right| match right {
                "read" => Ok(Right::Read),
                "write" => Ok(Right::Write),
                "admin" => Ok(Right::Admin),
                _ => Err(fail("a right is read, write or admin")),
            });
            let rights = rights.collect::<Result<Vec<Right>, PermissionError>>()?;
            let kinds = [DestinationKind::Queue, DestinationKind::Topic];
            let found = kinds
                .into_iter()
                .find_map(|kind| Some((kind, pattern.strip_prefix(kind.prefix())?)));
            let (kind, name) = found
                .filter(|(_, name)| !name.is_empty() && !name.contains(','))
                .ok_or_else(|| fail("a destination is queue://NAME or topic://NAME"))?;
            grants.push(Grant {
                user: (user != "*").then(|| user.to_owned()),
                rights,
                pattern: Destination::new(kind, name),
            });
        }
        Ok(Self(grants))
    }
}

impl Permissions {
    /// Grants this user everything, whatever is refused to others.
    pub fn grant_everything(&mut self, user: &str) {
        for kind in [DestinationKind::Queue, DestinationKind::Topic] {
            self.0.push(Grant {
                user: Some(user.to_owned()),
                rights: vec![Right::Read, Right::Write, Right::Admin],
                pattern: Destination::new(kind, ">"),
            });
        }
    }

    fn allow(&self, user: &str, right: Right, destination: &Destination) -> bool {
        self.0.iter().any(|grant| {
            grant.user.as_deref().is_none_or(|granted| granted == user)
                && grant.rights.contains(&right)
                && covers(&grant.pattern, destination)
        })
    }
}

/// Whether everything that `asked` stands for, wildcards included, is within `pattern`.
fn covers(pattern: &Destination, asked: &Destination) -> bool {
    if pattern.kind != asked.kind {
        return false;
    }
    let (pattern, asked) = (pattern.name(), asked.name());
    let mut granted = pattern.split('.');
    let mut wanted = asked.split('.');
    loop {
        match (granted.next(), wanted.next()) {
            (Some(">"), _) | (None, None) => return true,
            (Some("*"), Some(element)) if element != ">" => {}
            (Some(granted), Some(element)) if granted == element => {}
            _ => return false,
        }
    }
}

impl Broker {
    /// Refuses what the user on this link may not do.
    pub(super) fn check_right(
        &self,
        link: LinkId,
        right: Right,
        destination: &Destination,
    ) -> Result<(), Fault> {
        let Some(permissions) = &self.config.permissions else {
            return Ok(());
        };
        let name = destination.name();
        let about_temporary = name
            .strip_prefix(ADVISORY)
            .is_some_and(|about| matches!(about, "TempQueue" | "TempTopic"));
        if destination.kind.is_temporary() || (about_temporary && right == Right::Read) {
            return Ok(());
        }
        let identity = self
            .connections
            .get(&link)
            .and_then(|known| known.identity());
        let user = identity.and_then(|identity| identity.info.user_name.as_ref());
        let user = user.map(Text::to_str).unwrap_or_default();
        let makes = right != Right::Admin
            && destination.kind.is_queue()
            && !super::names::is_pattern(destination)
            && !self.queues.contains_key(destination);
        let needed = [Some(right), makes.then_some(Right::Admin)];
        for right in needed.into_iter().flatten() {
            if !permissions.allow(&user, right, destination) {
                let what = match right {
                    Right::Read => "read from",
                    Right::Write => "write to",
                    Right::Admin => "create or delete",
                };
                return Err(Fault::security(format!(
                    "User {user} is not authorized to {what}: {destination}"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_covers_its_pattern_and_no_wildcard_that_reaches_further() {
        let permissions: Permissions = "joe read,write queue://a.*\n* read topic://news.>"
            .parse()
            .unwrap();
        let reads = |user, asked: &Destination| permissions.allow(user, Right::Read, asked);

        assert!(reads("joe", &Destination::queue("a.b")));
        assert!(reads("joe", &Destination::queue("a.*")));
        assert!(!reads("joe", &Destination::queue("a.>")));
        assert!(!reads("joe", &Destination::queue("a.b.c")));
        assert!(!reads("joe", &Destination::topic("a.b")));
        assert!(!reads("ann", &Destination::queue("a.b")));
        assert!(reads("ann", &Destination::topic("news.>")));
        assert!(reads("ann", &Destination::topic("news.x.*")));
        assert!(!reads("ann", &Destination::topic(">")));
        assert!(!permissions.allow("joe", Right::Admin, &Destination::queue("a.b")));
    }

    #[test]
    fn who_is_granted_everything_has_it_and_nobody_else() {
        let mut permissions: Permissions = "* read topic://news".parse().unwrap();
        permissions.grant_everything("the connector");

        for asked in [Destination::queue("a.>"), Destination::topic(">")] {
            for right in [Right::Read, Right::Write, Right::Admin] {
                assert!(permissions.allow("the connector", right, &asked));
                assert!(!permissions.allow("connector", right, &asked));
            }
        }
    }

    #[test]
    fn a_line_that_is_no_grant_is_named() {
        let flaw = |text: &str| text.parse::<Permissions>().unwrap_err().line;

        assert_eq!(flaw("# x\n\njoe read"), 3);
        assert_eq!(flaw("joe eat queue://a"), 1);
        assert_eq!(flaw("joe read a"), 1);
        assert_eq!(flaw("joe read queue://"), 1);
        assert_eq!(flaw("joe read queue://a,queue://b"), 1);
    }
}
