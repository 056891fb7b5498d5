//! Addresses.

use core::fmt;
use std::sync::Arc;

/// An XMPP address `local@domain/resource`, the local part and the resource optional (RFC 7622).
///
/// Local part and domain are compared in ASCII lower case, the only case mapping applied; Finesse's are
/// login ids and host names.
///
/// ```
/// use finewire_xmpp::Jid;
///
/// let jid: Jid = "1001001@Finesse.Example/finewire".parse().unwrap();
/// assert_eq!(jid.local(), Some("1001001"));
/// assert_eq!(jid.domain(), "finesse.example");
/// assert_eq!(jid.resource(), Some("finewire"));
/// assert_eq!(jid.to_bare().as_str(), "1001001@finesse.example");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jid {
    text: Arc<str>,
    /// Where the domain begins: 0, or just behind the `@`.
    domain: usize,
    /// Where the bare address ends: the length, or the position of the `/`.
    bare: usize,
}

impl Jid {
    /// The address of these parts.
    ///
    /// # Errors
    /// The first part that is not allowed.
    pub fn new(
        local: Option<&str>,
        domain: &str,
        resource: Option<&str>,
    ) -> Result<Self, JidFault> {
        let mut text = String::new();
        if let Some(local) = local {
            let bad = |c: char| c.is_control() || c.is_whitespace() || "\"&'/:<>@".contains(c);
            if local.is_empty() || local.len() > PART || local.contains(bad) {
                return Err(JidFault::Local);
            }
            text.push_str(&local.to_ascii_lowercase());
            text.push('@');
        }
        let at = text.len();
        let bad = |c: char| c.is_control() || c.is_whitespace() || "\"&'/<>@".contains(c);
        if domain.is_empty() || domain.len() > PART || domain.contains(bad) {
            return Err(JidFault::Domain);
        }
        text.push_str(&domain.to_ascii_lowercase());
        let bare = text.len();
        if let Some(resource) = resource {
            if resource.is_empty() || resource.len() > PART || resource.contains(char::is_control) {
                return Err(JidFault::Resource);
            }
            text.push('/');
            text.push_str(resource);
        }
        Ok(Self {
            text: text.into(),
            domain: at,
            bare,
        })
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local(&self) -> Option<&str> {
        self.text.get(..self.domain.checked_sub(1)?)
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.text.get(self.domain..self.bare).unwrap_or_default()
    }

    /// The part behind the `/`.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.text.get(self.bare + 1..)
    }

    /// Whether there is no resource.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.bare == self.text.len()
    }

    /// The address without its resource.
    #[must_use]
    pub fn to_bare(&self) -> Self {
        match self.text.get(..self.bare) {
            Some(bare) if !self.is_bare() => Self {
                text: bare.into(),
                ..*self
            },
            _ => self.clone(),
        }
    }

    /// The address with this resource instead of its own.
    ///
    /// # Errors
    /// [`JidFault::Resource`] if it is not allowed.
    pub fn with_resource(&self, resource: &str) -> Result<Self, JidFault> {
        Self::new(self.local(), self.domain(), Some(resource))
    }
}

impl core::str::FromStr for Jid {
    type Err = JidFault;

    /// Splits at the first `/`, then at the first `@` before it (RFC 7622 §3.1).
    fn from_str(text: &str) -> Result<Self, JidFault> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        Self::new(local, domain, resource)
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

/// Which part of an address is not allowed: empty, too long, or with forbidden characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JidFault {
    /// The local part.
    Local,
    /// The domain.
    Domain,
    /// The resource.
    Resource,
}

impl fmt::Display for JidFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local part of the address not allowed",
            Self::Domain => "domain of the address not allowed",
            Self::Resource => "resource of the address not allowed",
        })
    }
}

impl core::error::Error for JidFault {}

/// The longest part, in bytes (RFC 7622 §3).
const PART: usize = 1023;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_split_at_the_first_slash_and_the_first_at() {
        let jid: Jid = "pubsub.example".parse().unwrap();
        assert_eq!(
            (jid.local(), jid.domain(), jid.resource()),
            (None, "pubsub.example", None)
        );
        assert!(jid.is_bare());

        let jid: Jid = "a@b/c@d/e".parse().unwrap();
        assert_eq!(
            (jid.local(), jid.domain(), jid.resource()),
            (Some("a"), "b", Some("c@d/e"))
        );
        assert_eq!(jid.to_bare(), "a@b".parse().unwrap());
        assert_eq!(jid.to_bare().with_resource("x").unwrap().as_str(), "a@b/x");
    }

    #[test]
    fn only_the_case_of_the_resource_counts() {
        let jid = |text: &str| text.parse::<Jid>().unwrap();

        assert_eq!(jid("A@B/c"), jid("a@b/c"));
        assert_ne!(jid("a@b/C"), jid("a@b/c"));
    }

    #[test]
    fn each_part_is_checked() {
        let fault = |text: &str| text.parse::<Jid>().unwrap_err();

        assert_eq!(fault("@b"), JidFault::Local);
        assert_eq!(fault("a b@c"), JidFault::Local);
        assert_eq!(fault("a@"), JidFault::Domain);
        assert_eq!(fault(""), JidFault::Domain);
        assert_eq!(fault("a@b@c"), JidFault::Domain);
        assert_eq!(fault("a@b/"), JidFault::Resource);
        assert_eq!(fault("a@b/\u{0}"), JidFault::Resource);
        assert_eq!(fault(&"x".repeat(1024)), JidFault::Domain);
    }
}
