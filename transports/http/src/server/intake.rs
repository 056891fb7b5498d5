//! Reads one request after the other.

use crate::body::BodyReader;
use crate::head::{self, HeadReader};
use crate::{Bytes, Fault, Limits, Request, Version, header};

/// Gathers requests from bytes in any chunking.
#[derive(Default)]
pub(super) struct Intake {
    head: HeadReader,
    body: Option<(Request<()>, BodyReader)>,
    wants_continue: bool,
}

/// How far the reading has come.
pub(super) enum Step {
    /// Between requests.
    Idle,
    /// Inside a head.
    InHead,
    /// A head is complete, its body is not.
    InBody,
    /// A request is complete.
    Done(Box<Request<Bytes>>),
}

impl Intake {
    /// Takes bytes up to the next step; tells how many.
    pub(super) fn read(&mut self, input: &[u8], limits: &Limits) -> Result<(usize, Step), Fault> {
        if let Some((_, body)) = &mut self.body {
            self.wants_continue = false;
            let used = body.read(input)?;
            return Ok((used, self.step()));
        }
        let (used, complete) = self.head.read(input, limits)?;
        if !complete {
            let begun = self.head.has_begun();
            return Ok((used, if begun { Step::InHead } else { Step::Idle }));
        }
        let head = self.head.take_request(limits)?;
        let framing = head::request_framing(&head)?;
        self.wants_continue = match head.headers().get(header::EXPECT) {
            Some(_) if !head::lists(head.headers(), &header::EXPECT, "100-continue") => {
                return Err(Fault::RemoteExpectation);
            }
            Some(_) => head.version() == Version::HTTP_11,
            None => false,
        };
        self.body = Some((head, BodyReader::new(framing, limits)?));
        Ok((used, self.step()))
    }

    /// Whether a request is partly there.
    pub(super) const fn has_begun(&self) -> bool {
        self.head.has_begun() || self.body.is_some()
    }

    /// Whether the sender waits for `100 Continue` (RFC 9110 §10.1.1); says so once.
    pub(super) fn take_continue(&mut self) -> bool {
        self.body.is_some() && core::mem::take(&mut self.wants_continue)
    }

    fn step(&mut self) -> Step {
        let complete = |it: &mut (Request<()>, BodyReader)| it.1.is_complete();
        match self.body.take_if(complete) {
            Some((head, body)) => Step::Done(Box::new(head.map(|()| body.into_bytes()))),
            None => Step::InBody,
        }
    }
}
