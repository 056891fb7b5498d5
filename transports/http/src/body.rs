//! Reads bodies in their three framings, in any chunking, bounded.

use crate::{Fault, Limits};
use bytes::{Bytes, BytesMut};

/// How the end of a body is found (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// After this many bytes.
    Length(u64),
    /// By the chunk of size zero and the trailer section after it.
    Chunked,
    /// Where the stream ends.
    UntilClose,
}

/// Gathers one body.
pub(crate) struct BodyReader {
    state: State,
    body: BytesMut,
    limit: u64,
    /// Bytes of chunk extensions and trailer fields that may still come.
    extra: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    Complete,
}

/// Where in the chunked coding the next byte stands (RFC 9112 §7.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chunked {
    Size { size: u64, digits: u8 },
    Extension { size: u64 },
    SizeEnd { size: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
}

const FIRST_SIZE: Chunked = Chunked::Size { size: 0, digits: 0 };

impl BodyReader {
    /// A reader for a body in this framing.
    pub(crate) fn new(framing: Framing, limits: &Limits) -> Result<Self, Fault> {
        let limit = u64::try_from(limits.body_bytes).unwrap_or(u64::MAX);
        let state = match framing {
            Framing::Length(0) => State::Complete,
            Framing::Length(length) if length > limit => return Err(Fault::LimitBody),
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(FIRST_SIZE),
            Framing::UntilClose => State::UntilClose,
        };
        Ok(Self {
            state,
            body: BytesMut::new(),
            limit,
            extra: limits.head_bytes,
        })
    }

    /// Takes what belongs to the body; tells how much that was.
    pub(crate) fn read(&mut self, input: &[u8]) -> Result<usize, Fault> {
        match self.state {
            State::Complete => Ok(0),
            State::Length(left) => {
                let taken = self.take(input, left)?;
                let left = left.saturating_sub(wide(taken));
                self.state = if left == 0 {
                    State::Complete
                } else {
                    State::Length(left)
                };
                Ok(taken)
            }
            State::UntilClose => self.take(input, u64::MAX),
            State::Chunked(chunked) => self.read_chunked(chunked, input),
        }
    }

    /// Whether all of it is there.
    pub(crate) fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// The stream has ended in good order; tells whether that completes the body.
    pub(crate) fn end(&mut self) -> bool {
        if self.state == State::UntilClose {
            self.state = State::Complete;
        }
        self.is_complete()
    }

    /// The body.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.body.freeze()
    }

    fn take(&mut self, input: &[u8], most: u64) -> Result<usize, Fault> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let part = input.get(..most).unwrap_or(input);
        if wide(self.body.len()) + wide(part.len()) > self.limit {
            return Err(Fault::LimitBody);
        }
        self.body.extend_from_slice(part);
        Ok(part.len())
    }

    fn read_chunked(&mut self, mut chunked: Chunked, input: &[u8]) -> Result<usize, Fault> {
        let mut at = 0;
        while let Some(byte) = input.get(at).copied() {
            if let Chunked::Data { left } = chunked {
                let taken = self.take(input.get(at..).unwrap_or_default(), left)?;
                at += taken;
                let left = left.saturating_sub(wide(taken));
                chunked = match left {
                    0 => Chunked::DataCr,
                    left => Chunked::Data { left },
                };
                continue;
            }
            at += 1;
            match self.step(chunked, byte)? {
                Some(next) => chunked = next,
                None => {
                    self.state = State::Complete;
                    return Ok(at);
                }
            }
        }
        self.state = State::Chunked(chunked);
        Ok(at)
    }

    /// One byte of framing; `None` after the last.
    fn step(&mut self, chunked: Chunked, byte: u8) -> Result<Option<Chunked>, Fault> {
        Ok(Some(match (chunked, byte) {
            (Chunked::Size { size, digits }, _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                // 15 digits cannot overflow, and are far beyond any limit.
                if digits == 15 {
                    return Err(Fault::RemoteChunk);
                }
                Chunked::Size {
                    size: size * 16 + u64::from(digit),
                    digits: digits + 1,
                }
            }
            (Chunked::Size { digits: 0, .. }, _) => return Err(Fault::RemoteChunk),
            (Chunked::Size { size, .. }, b';' | b' ' | b'\t') => Chunked::Extension { size },
            (Chunked::Size { size, .. } | Chunked::Extension { size }, b'\r') => {
                Chunked::SizeEnd { size }
            }
            (Chunked::Extension { size }, byte) if byte != b'\n' => {
                self.count_extra()?;
                Chunked::Extension { size }
            }
            (Chunked::SizeEnd { size: 0 }, b'\n') => Chunked::TrailerStart,
            (Chunked::SizeEnd { size }, b'\n') => {
                if size > self.limit.saturating_sub(wide(self.body.len())) {
                    return Err(Fault::LimitBody);
                }
                Chunked::Data { left: size }
            }
            (Chunked::DataCr, b'\r') => Chunked::DataLf,
            (Chunked::DataLf, b'\n') => FIRST_SIZE,
            (Chunked::TrailerStart, b'\r') => Chunked::EndLf,
            (Chunked::EndLf, b'\n') => return Ok(None),
            (Chunked::TrailerStart | Chunked::Trailer, byte) if byte != b'\r' && byte != b'\n' => {
                self.count_extra()?;
                Chunked::Trailer
            }
            (Chunked::Trailer, b'\r') => Chunked::TrailerLf,
            (Chunked::TrailerLf, b'\n') => Chunked::TrailerStart,
            _ => return Err(Fault::RemoteChunk),
        }))
    }

    fn count_extra(&mut self) -> Result<(), Fault> {
        self.extra = self.extra.checked_sub(1).ok_or(Fault::LimitHeadBytes)?;
        Ok(())
    }
}

fn wide(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(framing: Framing, input: &[u8], piece: usize) -> Result<(Bytes, usize), Fault> {
        let limits = Limits {
            body_bytes: 64,
            head_bytes: 32,
            ..Limits::default()
        };
        let mut reader = BodyReader::new(framing, &limits)?;
        let mut used = 0;
        for part in input.chunks(piece) {
            let n = reader.read(part)?;
            used += n;
            if reader.is_complete() {
                break;
            }
            assert_eq!(n, part.len());
        }
        assert!(reader.end(), "not complete");
        Ok((reader.into_bytes(), used))
    }

    #[test]
    fn chunks_are_joined_in_any_chunking() {
        let input =
            b"5\r\nhello\r\n1;name=\"v\"\r\n \r\n00A\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\nGET";
        for piece in 1..=input.len() {
            let (body, used) = read_all(Framing::Chunked, input, piece).unwrap();

            assert_eq!(body, "hello 0123456789");
            assert_eq!(input.get(used..).unwrap(), b"GET", "{piece}");
        }
    }

    #[test]
    fn broken_chunk_framing_is_the_peers_fault() {
        for input in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5\r\nhello\r0\r\n\r\n",
            "5;a\nhello\r\n0\r\n\r\n",
            "0\r\n\n",
            "0\r\nX: 1\n\r\n",
            "1000000000000000\r\n",
        ] {
            let read = read_all(Framing::Chunked, input.as_bytes(), 3);

            assert_eq!(read.unwrap_err(), Fault::RemoteChunk, "{input:?}");
        }
    }

    #[test]
    fn bodies_extensions_and_trailers_are_bounded() {
        let fault = |framing, input: &str| read_all(framing, input.as_bytes(), 7).unwrap_err();

        assert_eq!(fault(Framing::Length(65), ""), Fault::LimitBody);
        assert_eq!(fault(Framing::Chunked, "41\r\n"), Fault::LimitBody);
        assert_eq!(
            fault(Framing::UntilClose, &"x".repeat(65)),
            Fault::LimitBody
        );
        let many = "1\r\nx\r\n".repeat(65);
        assert_eq!(fault(Framing::Chunked, &many), Fault::LimitBody);
        let extension = format!("1;{}\r\n", "x".repeat(40));
        assert_eq!(fault(Framing::Chunked, &extension), Fault::LimitHeadBytes);
        let trailer = format!("0\r\n{}", "a: b\r\n".repeat(10));
        assert_eq!(fault(Framing::Chunked, &trailer), Fault::LimitHeadBytes);
    }

    #[test]
    fn a_body_of_known_length_ends_there_and_one_without_ends_with_the_stream() {
        let (body, used) = read_all(Framing::Length(3), b"abcdef", 2).unwrap();
        assert_eq!((&*body, used), (&b"abc"[..], 3));

        let (body, _) = read_all(Framing::UntilClose, b"abcdef", 4).unwrap();
        assert_eq!(body, "abcdef");
    }
}
