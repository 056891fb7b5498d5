//! Who asks: credentials and request ids, as headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use finewire_core::agent::Text;
use finewire_core::machine::Random;
use finewire_core::password::Secret;
use finewire_http::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::error::Error;

/// Who asks. Finesse Developer Guide, "Authentication"; RFC 7617, RFC 6750.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// Nobody: enough for SystemInfo.
    Anonymous,
    /// A user by login id (UCCE: or login name) and password.
    Basic {
        /// Login id; must not hold a colon (RFC 7617 §2).
        user: Text,
        /// The password.
        password: Secret,
    },
    /// An access token of single sign-on.
    Bearer(Secret),
}

impl Credentials {
    /// A user with a password.
    #[must_use]
    pub fn basic(user: &str, password: Secret) -> Self {
        Self::Basic {
            user: user.into(),
            password,
        }
    }

    /// The `Authorization` header, marked sensitive; `None` for [`Credentials::Anonymous`].
    ///
    /// # Errors
    /// [`Error::LocalArgument`] when the user holds a colon or a control character, or the token
    /// is no header text.
    pub fn to_header(&self) -> Result<Option<HeaderValue>, Error> {
        let text = match self {
            Self::Anonymous => return Ok(None),
            Self::Basic { user, password } => {
                if user.as_str().chars().any(|c| c == ':' || c.is_control()) {
                    return Err(Error::LocalArgument(
                        "a user name with a colon or control character",
                    ));
                }
                let pair = Secret::from(format!("{user}:{}", password.expose()));
                Secret::from(format!("Basic {}", STANDARD.encode(pair.expose_bytes())))
            }
            Self::Bearer(token) => Secret::from(format!("Bearer {}", token.expose())),
        };
        let mut value = HeaderValue::from_str(text.expose())
            .map_err(|_| Error::LocalArgument("a token that is no header text"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Reads the `Authorization` header: [`Credentials::Anonymous`] when there is none, `None`
    /// when it cannot be read.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let Some(value) = headers.get(AUTHORIZATION) else {
            return Some(Self::Anonymous);
        };
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("Bearer") {
            return Some(Self::Bearer(rest.trim().into()));
        }
        if !scheme.eq_ignore_ascii_case("Basic") {
            return None;
        }
        let pair = Secret::from_utf8(STANDARD.decode(rest.trim()).ok()?)?;
        let (user, password) = pair.expose().split_once(':')?;
        Some(Self::basic(user, password.into()))
    }
}

/// The header that ties a request to the updates it causes. Seen: names compare
/// case-insensitively on both sides.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("requestid");

/// An opaque name of one request, echoed in the answer and, at best effort, in the update that
/// it causes. Finesse Developer Guide, "requestId".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Text);

impl RequestId {
    /// A request id of visible ASCII characters, at most 128.
    ///
    /// # Errors
    /// [`Error::LocalArgument`] for any other text.
    pub fn new(text: &str) -> Result<Self, Error> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.into()))
            .ok_or(Error::LocalArgument("a request id that is no header text"))
    }

    /// A random one in the form of a version 4 UUID (RFC 9562 §5.4).
    #[must_use]
    pub fn random(random: &mut Random) -> Self {
        let high = random.next_u64() & 0xffff_ffff_ffff_0fff | 0x4000;
        let low = random.next_u64() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        Self(
            format!(
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                high >> 32,
                high >> 16 & 0xffff,
                high & 0xffff,
                low >> 48,
                low & 0xffff_ffff_ffff
            )
            .into(),
        )
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Reads the header of a request or an answer.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        Self::new(headers.get(REQUEST_ID)?.to_str().ok()?.trim()).ok()
    }

    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.as_str()).ok()
    }
}

impl core::fmt::Display for RequestId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}
