//! One thing that a machine was told, and its bytes.

use super::{kind, reason};
use bytes::Bytes;
use finewire_core::machine::{
    CloseReason, CommandId, Fingerprint, Instant, LinkId, PeerIdentity, UnixMillis,
};

/// When a machine was told what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// By the machine's clock.
    pub at: Instant,
    /// What it was told.
    pub told: Told,
}

/// What a machine was told: an [`Input`](finewire_core::machine::Input) that owns its bytes, or that time has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Its deadline has come.
    Time,
    /// A link is open.
    Opened(LinkId),
    /// A link has TLS.
    Secured(LinkId, PeerIdentity),
    /// Bytes came.
    Received(LinkId, Bytes),
    /// What was sent is written.
    Sent(LinkId),
    /// A link is gone.
    Closed(LinkId, CloseReason),
    /// What the wall clock says.
    Wall(UnixMillis),
    /// Its owner asks for something; the bytes are the owner's own form.
    Command(CommandId, Bytes),
}

impl Entry {
    /// The payload of its frame.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let head = |kind: u8, out: &mut Vec<u8>| {
            out.push(kind);
            out.extend_from_slice(&self.at.as_nanos().to_be_bytes());
        };
        let of_link = |kind: u8, link: &LinkId, out: &mut Vec<u8>| {
            head(kind, out);
            out.extend_from_slice(&link.number().to_be_bytes());
        };
        match &self.told {
            Told::Time => head(kind::TIME, out),
            Told::Opened(link) => of_link(kind::OPENED, link, out),
            Told::Sent(link) => of_link(kind::SENT, link, out),
            Told::Received(link, bytes) => {
                of_link(kind::RECEIVED, link, out);
                out.extend_from_slice(bytes);
            }
            Told::Closed(link, why) => {
                of_link(kind::CLOSED, link, out);
                reason::write(why, out);
            }
            Told::Secured(link, identity) => {
                of_link(kind::SECURED, link, out);
                let certificate = identity.certificate.as_ref();
                out.push(
                    u8::from(certificate.is_some()) | u8::from(identity.version.is_some()) << 1,
                );
                if let Some(Fingerprint(digest)) = certificate {
                    out.extend_from_slice(digest);
                }
                if let Some(version) = &identity.version {
                    out.extend_from_slice(version.as_bytes());
                }
            }
            Told::Wall(UnixMillis(millis)) => {
                head(kind::WALL, out);
                out.extend_from_slice(&millis.to_be_bytes());
            }
            Told::Command(CommandId(id), bytes) => {
                head(kind::COMMAND, out);
                out.extend_from_slice(&id.to_be_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }

    /// The entry in a payload; the error says what is wrong with it.
    pub(super) fn read(payload: &Bytes) -> Result<Self, &'static str> {
        let mut parts = Parts(payload);
        let kind = parts.byte()?;
        let at = Instant::from_nanos(parts.number()?);
        let told = match kind {
            kind::TIME => Told::Time,
            kind::OPENED => Told::Opened(parts.link()?),
            kind::SENT => Told::Sent(parts.link()?),
            kind::RECEIVED => Told::Received(parts.link()?, parts.rest(payload)),
            kind::CLOSED => Told::Closed(parts.link()?, reason::read(&mut parts)?),
            kind::SECURED => Told::Secured(parts.link()?, parts.identity()?),
            kind::WALL => Told::Wall(UnixMillis(i64::from_be_bytes(parts.array()?))),
            kind::COMMAND => Told::Command(CommandId(parts.number()?), parts.rest(payload)),
            _ => return Err("an entry of an unknown kind"),
        };
        if !parts.0.is_empty() {
            return Err("an entry with more behind it");
        }
        Ok(Self { at, told })
    }
}

/// What is left of a payload.
pub(super) struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (first, rest) = self
            .0
            .split_first_chunk()
            .ok_or("an entry that is cut off")?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn byte(&mut self) -> Result<u8, &'static str> {
        self.array().map(u8::from_be_bytes)
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        self.array().map(u64::from_be_bytes)
    }

    fn link(&mut self) -> Result<LinkId, &'static str> {
        self.number().map(LinkId::from_number)
    }

    /// All that is left, as text.
    pub(super) fn text(&mut self) -> Result<String, &'static str> {
        let text = core::str::from_utf8(core::mem::take(&mut self.0));
        text.map(str::to_owned)
            .map_err(|_| "a text that is not UTF-8")
    }

    fn rest(&mut self, payload: &Bytes) -> Bytes {
        let rest = core::mem::take(&mut self.0);
        payload.slice(payload.len() - rest.len()..)
    }

    fn identity(&mut self) -> Result<PeerIdentity, &'static str> {
        let present = self.byte()?;
        if present > 3 {
            return Err("an identity of an unknown kind");
        }
        let certificate = match present & 1 {
            0 => None,
            _ => Some(Fingerprint(self.array()?)),
        };
        let version = match present & 2 {
            0 => None,
            _ => Some(self.text()?.into()),
        };
        Ok(PeerIdentity {
            certificate,
            version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use finewire_core::machine::TlsFault;

    pub(crate) fn all() -> Vec<Told> {
        let link = LinkId::from_number(0x0102_0304_0506_0709);
        let mut all = vec![
            Told::Time,
            Told::Opened(link),
            Told::Sent(link),
            Told::Received(link, Bytes::from_static(b"")),
            Told::Received(link, Bytes::from_static(b"\0\xffbytes")),
            Told::Wall(UnixMillis(-1)),
            Told::Command(CommandId(u64::MAX), Bytes::from_static(b"{}")),
        ];
        for certificate in [None, Some(Fingerprint([7; 32]))] {
            for version in [None, Some("TLSv1.3".into())] {
                all.push(Told::Secured(
                    link,
                    PeerIdentity {
                        certificate,
                        version,
                    },
                ));
            }
        }
        let text = || "why\u{e4}".to_owned();
        for reason in [
            CloseReason::Refused,
            CloseReason::Unreachable,
            CloseReason::NameNotFound,
            CloseReason::AddressInUse,
            CloseReason::TimedOut,
            CloseReason::Eof,
            CloseReason::Asked,
            CloseReason::Remote(text()),
            CloseReason::Denied(text()),
            CloseReason::Limit(text()),
            CloseReason::GaveUp(text()),
            CloseReason::Other(text()),
            CloseReason::Tls(TlsFault::UnknownIssuer),
            CloseReason::Tls(TlsFault::SelfSignedCa),
            CloseReason::Tls(TlsFault::WrongName),
            CloseReason::Tls(TlsFault::Expired),
            CloseReason::Tls(TlsFault::NotYetValid),
            CloseReason::Tls(TlsFault::Revoked),
            CloseReason::Tls(TlsFault::BadSignature),
            CloseReason::Tls(TlsFault::BadCertificate(text())),
            CloseReason::Tls(TlsFault::PinMismatch(Fingerprint([9; 32]))),
            CloseReason::Tls(TlsFault::Version),
            CloseReason::Tls(TlsFault::NoCommonSuite),
            CloseReason::Tls(TlsFault::Alert(text())),
            CloseReason::Tls(TlsFault::NotTls),
            CloseReason::Tls(TlsFault::NoProfile),
            CloseReason::Tls(TlsFault::Other(text())),
        ] {
            all.push(Told::Closed(link, reason));
        }
        all
    }

    #[test]
    fn everything_that_can_be_told_is_read_as_it_was_written() {
        for told in all() {
            let entry = Entry {
                at: Instant::from_nanos(77),
                told,
            };
            let mut payload = Vec::new();
            entry.write(&mut payload);
            assert_eq!(Entry::read(&payload.into()).as_ref(), Ok(&entry));
        }
    }

    #[test]
    fn an_entry_that_is_cut_or_has_more_behind_it_is_damaged() {
        let link = LinkId::from_number(1);
        for told in [
            Told::Time,
            Told::Opened(link),
            Told::Wall(UnixMillis(5)),
            Told::Closed(link, CloseReason::Eof),
            Told::Secured(link, PeerIdentity::default()),
        ] {
            let at = Instant::START;
            let mut payload = Vec::new();
            Entry { at, told }.write(&mut payload);
            let cut = payload.get(..payload.len() - 1).unwrap_or_default();
            assert!(Entry::read(&Bytes::copy_from_slice(cut)).is_err());
            payload.push(0);
            assert!(Entry::read(&payload.into()).is_err());
        }
    }
}
