//! Reads one answer.

use crate::body::BodyReader;
use crate::head::{self, HeadReader};
use crate::{Bytes, Fault, Limits, Method, Response, StatusCode};

/// Reads the answer to one request, interim answers skipped.
pub(super) struct AnswerReader {
    method: Method,
    head: HeadReader,
    body: Option<(Response<()>, BodyReader)>,
    begun: bool,
    reusable: bool,
}

impl AnswerReader {
    /// A reader for the answer to a request with this method.
    pub(super) fn new(method: Method) -> Self {
        Self {
            method,
            head: HeadReader::default(),
            body: None,
            begun: false,
            reusable: false,
        }
    }

    /// Takes bytes; tells how many belonged to the answer, and gives the answer once it is complete.
    pub(super) fn read(
        &mut self,
        input: &[u8],
        limits: &Limits,
    ) -> Result<(usize, Option<Response<Bytes>>), Fault> {
        self.begun = true;
        let mut used = 0;
        loop {
            let rest = input.get(used..).unwrap_or_default();
            if let Some((_, body)) = &mut self.body {
                used += body.read(rest)?;
                if body.is_complete() {
                    return Ok((used, self.take()));
                }
                return Ok((used, None));
            }
            let (n, complete) = self.head.read(rest, limits)?;
            used += n;
            if !complete {
                return Ok((used, None));
            }
            let head = self.head.take_response(limits)?;
            if head.status() == StatusCode::SWITCHING_PROTOCOLS {
                return Err(Fault::RemoteSwitch);
            }
            if head.status().is_informational() {
                continue;
            }
            let framing = head::response_framing(&head, &self.method)?;
            self.reusable = head::keeps_alive(head.headers(), head.version());
            self.body = Some((head, BodyReader::new(framing, limits)?));
        }
    }

    /// The stream has ended in good order: the answer, if that completes it.
    pub(super) fn end(&mut self) -> Option<Response<Bytes>> {
        let (_, body) = self.body.as_mut()?;
        if body.end() { self.take() } else { None }
    }

    /// Whether any byte of the answer has come.
    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether the connection can carry another exchange after this answer.
    pub(super) const fn leaves_reusable(&self) -> bool {
        self.reusable
    }

    fn take(&mut self) -> Option<Response<Bytes>> {
        let (head, body) = self.body.take()?;
        Some(head.map(|()| body.into_bytes()))
    }
}
