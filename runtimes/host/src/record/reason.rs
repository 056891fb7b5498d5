//! Why a link was closed, as bytes: a number, and the text where there is one.

use super::entry::Parts;
use finewire_core::machine::{CloseReason, Fingerprint, TlsFault};

/// Reasons that have a TLS fault in them count from here.
const TLS: u8 = 64;

pub(super) fn write(reason: &CloseReason, out: &mut Vec<u8>) {
    let (number, text) = match reason {
        CloseReason::Refused => (1, ""),
        CloseReason::Unreachable => (2, ""),
        CloseReason::NameNotFound => (3, ""),
        CloseReason::AddressInUse => (4, ""),
        CloseReason::TimedOut => (5, ""),
        CloseReason::Eof => (6, ""),
        CloseReason::Asked => (7, ""),
        CloseReason::Remote(text) => (8, text.as_str()),
        CloseReason::Denied(text) => (9, text.as_str()),
        CloseReason::Limit(text) => (10, text.as_str()),
        CloseReason::GaveUp(text) => (11, text.as_str()),
        CloseReason::Other(text) => (12, text.as_str()),
        CloseReason::Tls(fault) => return write_fault(fault, out),
        other => {
            // A reason of a later day: its words are kept.
            out.push(12);
            out.extend_from_slice(other.to_string().as_bytes());
            return;
        }
    };
    out.push(number);
    out.extend_from_slice(text.as_bytes());
}

fn write_fault(fault: &TlsFault, out: &mut Vec<u8>) {
    let (number, rest): (u8, &[u8]) = match fault {
        TlsFault::UnknownIssuer => (1, &[]),
        TlsFault::SelfSignedCa => (2, &[]),
        TlsFault::WrongName => (3, &[]),
        TlsFault::Expired => (4, &[]),
        TlsFault::NotYetValid => (5, &[]),
        TlsFault::Revoked => (6, &[]),
        TlsFault::BadSignature => (7, &[]),
        TlsFault::BadCertificate(text) => (8, text.as_bytes()),
        TlsFault::PinMismatch(found) => (9, &found.0),
        TlsFault::Version => (10, &[]),
        TlsFault::NoCommonSuite => (11, &[]),
        TlsFault::Alert(text) => (12, text.as_bytes()),
        TlsFault::NotTls => (13, &[]),
        TlsFault::NoProfile => (14, &[]),
        TlsFault::Other(text) => (15, text.as_bytes()),
        other => {
            out.push(TLS + 15);
            out.extend_from_slice(other.to_string().as_bytes());
            return;
        }
    };
    out.push(TLS + number);
    out.extend_from_slice(rest);
}

pub(super) fn read(parts: &mut Parts<'_>) -> Result<CloseReason, &'static str> {
    let number = parts.byte()?;
    Ok(match number {
        1 => CloseReason::Refused,
        2 => CloseReason::Unreachable,
        3 => CloseReason::NameNotFound,
        4 => CloseReason::AddressInUse,
        5 => CloseReason::TimedOut,
        6 => CloseReason::Eof,
        7 => CloseReason::Asked,
        8 => CloseReason::Remote(parts.text()?),
        9 => CloseReason::Denied(parts.text()?),
        10 => CloseReason::Limit(parts.text()?),
        11 => CloseReason::GaveUp(parts.text()?),
        12 => CloseReason::Other(parts.text()?),
        _ => {
            let fault = number.checked_sub(TLS).ok_or("an unknown reason")?;
            CloseReason::Tls(read_fault(fault, parts)?)
        }
    })
}

fn read_fault(number: u8, parts: &mut Parts<'_>) -> Result<TlsFault, &'static str> {
    Ok(match number {
        1 => TlsFault::UnknownIssuer,
        2 => TlsFault::SelfSignedCa,
        3 => TlsFault::WrongName,
        4 => TlsFault::Expired,
        5 => TlsFault::NotYetValid,
        6 => TlsFault::Revoked,
        7 => TlsFault::BadSignature,
        8 => TlsFault::BadCertificate(parts.text()?),
        9 => TlsFault::PinMismatch(Fingerprint(parts.array()?)),
        10 => TlsFault::Version,
        11 => TlsFault::NoCommonSuite,
        12 => TlsFault::Alert(parts.text()?),
        13 => TlsFault::NotTls,
        14 => TlsFault::NoProfile,
        15 => TlsFault::Other(parts.text()?),
        _ => return Err("an unknown TLS fault"),
    })
}
