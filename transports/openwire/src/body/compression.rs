//! Compressed content: zlib (RFC 1950), inflated only as far as is allowed.

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::codec::{DecodeError, Flaw};

/// How much is inflated or deflated at a time, in bytes.
const STEP: usize = 8 * 1024;

/// What `deflated` inflates to, if that is no more than `limit` bytes. With `wanted` only that many bytes
/// are taken and the rest is ignored.
pub(super) fn inflate(
    deflated: &[u8],
    wanted: Option<usize>,
    limit: usize,
) -> Result<Bytes, DecodeError> {
    let ceiling = match wanted {
        Some(wanted) if wanted > limit => {
            return Err(DecodeError::new(Flaw::LimitInflated { limit }, 0));
        }
        Some(wanted) => wanted,
        None => limit.saturating_add(1),
    };
    let mut inflater = Decompress::new(true);
    let mut plain = Vec::new();
    while plain.len() < ceiling {
        let used = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        let rest = deflated.get(used..).unwrap_or_default();
        // Grows with what really comes, whatever a length prefix says.
        plain.reserve(STEP.max(plain.len()).min(ceiling - plain.len()));
        let before = plain.len();
        let status = inflater
            .decompress_vec(rest, &mut plain, FlushDecompress::None)
            .map_err(|_| DecodeError::new(Flaw::RemoteCompression, used))?;
        if status == Status::StreamEnd {
            break;
        }
        let now = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        if now == used && plain.len() == before {
            return Err(DecodeError::new(Flaw::RemoteCompression, used));
        }
    }
    if wanted.is_none() && plain.len() > limit {
        return Err(DecodeError::new(Flaw::LimitInflated { limit }, 0));
    }
    if let Some(needed) = wanted {
        let left = plain.len();
        if left < needed {
            return Err(DecodeError::new(
                Flaw::RemoteTruncated { needed, left },
                deflated.len(),
            ));
        }
        plain.truncate(needed);
    }
    Ok(plain.into())
}

/// The zlib form of `plain`.
pub(super) fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut deflater = Compress::new(Compression::default(), true);
    let mut out = Vec::new();
    loop {
        let used = usize::try_from(deflater.total_in()).unwrap_or(usize::MAX);
        out.reserve(STEP);
        match deflater.compress_vec(
            plain.get(used..).unwrap_or_default(),
            &mut out,
            FlushCompress::Finish,
        ) {
            Ok(Status::Ok | Status::BufError) => {}
            Ok(Status::StreamEnd) | Err(_) => return out,
        }
    }
}
