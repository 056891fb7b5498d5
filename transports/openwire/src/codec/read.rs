//! The reader of both encodings.

use core::cell::Cell;

use bytes::Bytes;

use super::{
    CacheEntry, Cacheable, DecodeError, Fields, Fill, Flaw, Limits, Object, Reader,
    cache::ReadCache, fields::is_marshal_aware, put, source::Source,
};
use crate::command::{Elements, Magic, StackElement, Text, Throwable};

/// What of a command being read changes seldom or never.
struct Rare<'a> {
    version: i32,
    stack_trace: bool,
    limits: &'a Limits,
    /// Array elements that it may still bring.
    elements: Cell<usize>,
    depth: Cell<usize>,
    /// Bytes of the boolean stream that are not loaded yet.
    bits: Cell<&'a [u8]>,
}

/// No bits: only the one that marks their end.
const NO_BITS: u64 = 1;

impl Rare<'_> {
    /// The next bits of the boolean stream, least significant first, and a 1 behind the last.
    #[inline(never)]
    fn load(&self) -> Option<u64> {
        let bytes = self.bits.get();
        let (now, later) = bytes.split_at_checked(7).unwrap_or((bytes, &[]));
        self.bits.set(later);
        let shift = |bits, byte: &u8| bits << 8 | u64::from(*byte);
        (!now.is_empty()).then(|| now.iter().rev().fold(NO_BITS, shift))
    }
}

/// One command being read; `TIGHT` or loose.
///
/// It is small. Whoever reads several fields does so with a copy of it whose address nobody takes, and
/// lends another copy to what is not compiled in line: then the place in the frame and the bits stay in
/// registers from one field to the next, and most fields cost but a few instructions.
pub(crate) struct Decoding<'a, const TIGHT: bool> {
    source: Source<'a>,
    /// Loaded bits of the boolean stream, the next one lowest, and a 1 behind the last.
    bits: u64,
    cache: Option<&'a mut ReadCache>,
    rare: &'a Rare<'a>,
}

/// Reads one command from type byte to end; the bytes that it took.
pub(crate) fn read_command<const TIGHT: bool, T: Fill>(
    frame: &Bytes,
    (version, stack_trace): (i32, bool),
    cache: Option<&mut ReadCache>,
    limits: &Limits,
    command: &mut T,
) -> Result<usize, DecodeError> {
    let mut source = Source::new(frame);
    let code = source.u8()?;
    if code == 0 {
        return Ok(source.offset());
    }
    let bits = if TIGHT {
        boolean_stream(&mut source)?
    } else {
        &[]
    };
    let rare = Rare {
        version,
        stack_trace,
        limits,
        elements: Cell::new(limits.elements),
        depth: Cell::new(0),
        bits: Cell::new(bits),
    };
    let mut decoding = Decoding::<TIGHT> {
        source,
        bits: rare.load().unwrap_or(NO_BITS),
        cache,
        rare: &rare,
    };
    command.fill(&mut decoding, code)?;
    let left = decoding.bits_left() / 8;
    if left > 0 {
        return Err(decoding.source.fail(Flaw::RemoteBitsLeft { left }));
    }
    Ok(decoding.source.offset())
}

/// The bytes of the boolean stream, which stands in front of the fields of a tight frame.
fn boolean_stream<'a>(source: &mut Source<'a>) -> Result<&'a [u8], DecodeError> {
    let length = match source.u8()? {
        0xC0 => source.u8()?.into(),
        0x80 => {
            let length = source.i16()?;
            usize::try_from(length).map_err(|_| {
                source.fail(Flaw::RemoteNegative {
                    length: length.into(),
                })
            })?
        }
        length => length.into(),
    };
    source.raw(length)
}

impl<const TIGHT: bool> Decoding<'_, TIGHT> {
    /// A copy that reads on, to be given back.
    #[inline(always)]
    const fn lend(&mut self) -> Self {
        Self {
            source: self.source,
            bits: self.bits,
            cache: self.cache.take(),
            rare: self.rare,
        }
    }

    /// Goes on where the copy is.
    #[inline(always)]
    fn take_back(&mut self, lent: Self) {
        self.source.rest = lent.source.rest;
        self.bits = lent.bits;
        self.cache = lent.cache;
    }

    const fn bits_left(&self) -> usize {
        self.rare.bits.get().len() * 8 + self.bits.ilog2() as usize
    }

    #[inline(always)]
    fn bit(&mut self) -> Result<bool, DecodeError> {
        if self.bits == NO_BITS {
            match self.rare.load() {
                Some(bits) => self.bits = bits,
                None => return Err(self.source.fail(Flaw::RemoteBitsMissing)),
            }
        }
        let bit = self.bits & 1 != 0;
        self.bits >>= 1;
        Ok(bit)
    }

    /// A boolean, which in tight is a bit.
    #[inline(always)]
    fn flag(&mut self) -> Result<bool, DecodeError> {
        if TIGHT {
            self.bit()
        } else {
            // Any other value than 0 is true, as in Java.
            self.source.u8().map(|byte| byte != 0)
        }
    }

    /// Takes `count` elements of at least `least` bytes off what one command may bring.
    fn claim(&self, count: i16, least: usize) -> Result<usize, DecodeError> {
        let Ok(count) = usize::try_from(count) else {
            return Err(self.source.fail(Flaw::RemoteNegative {
                length: count.into(),
            }));
        };
        if count * least > self.source.left() {
            return Err(self.source.truncated(count * least));
        }
        match self.rare.elements.get().checked_sub(count) {
            Some(left) => self.rare.elements.set(left),
            None => {
                return Err(self.source.fail(Flaw::LimitElements {
                    limit: self.rare.limits.elements,
                }));
            }
        }
        Ok(count)
    }

    #[inline(never)]
    fn nested<T: Object>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        let code = self.source.u8()?;
        if TIGHT && is_marshal_aware(code) && self.bit()? {
            return Err(self.source.fail(Flaw::RemoteMarshalAware));
        }
        let depth = self.rare.depth.get();
        if depth >= self.rare.limits.depth {
            return Err(self.source.fail(Flaw::LimitDepth {
                limit: self.rare.limits.depth,
            }));
        }
        self.rare.depth.set(depth + 1);
        T::read_into(to, self, code)?;
        self.rare.depth.set(depth);
        Ok(())
    }

    /// A text that is short and plain, with room behind it, as most are; the bytes that it took, or 0.
    #[inline(never)]
    fn plain_text(bytes: &[u8], limit: usize, to: &mut Option<Text>) -> usize {
        let Some((length, bytes)) = bytes.split_first_chunk() else {
            return 0;
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length > limit || !Text::take(to, bytes, length) {
            return 0;
        }
        2 + length
    }

    /// Any other text.
    #[inline(never)]
    fn unusual_text(
        frame: &Bytes,
        rest: &[u8],
        ascii: bool,
        limit: usize,
        to: &mut Option<Text>,
    ) -> Result<usize, DecodeError> {
        let mut source = Source { frame, rest };
        let length = source.u16()?;
        if ascii && length.cast_signed() < 0 {
            // Java reads this length, and only this one, as a signed number.
            return Err(source.fail(Flaw::RemoteNegative {
                length: length.cast_signed().into(),
            }));
        }
        let length = usize::from(length);
        if length > limit {
            return Err(source.fail(Flaw::LimitText { limit }));
        }
        let offset = source.offset();
        let bytes = source.slice(length)?;
        *to = Some(if ascii {
            Text::from_latin1(bytes)
        } else {
            Text::from_wire(bytes)
                .map_err(|flaw| DecodeError::new(Flaw::RemoteText(flaw), offset))?
        });
        Ok(2 + length)
    }

    #[inline(never)]
    fn elements<T: Object>(&mut self, to: &mut Elements<T>) -> Result<(), DecodeError> {
        let count = self.source.i16()?;
        // An absent element is a byte, or in tight a bit.
        let count = self.claim(count, usize::from(!TIGHT))?;
        if TIGHT && count > self.bits_left() {
            return Err(self.source.fail(Flaw::RemoteBitsMissing));
        }
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            let mut element = None;
            self.object(&mut element)?;
            elements.push(element);
        }
        *to = Some(elements);
        Ok(())
    }

    #[inline(never)]
    fn new_entry<T: Cacheable>(
        &mut self,
        index: i16,
        to: &mut Option<T>,
    ) -> Result<(), DecodeError> {
        if !self
            .cache
            .as_deref()
            .is_some_and(|cache| cache.allows(index))
        {
            return Err(self.source.fail(Flaw::RemoteCacheIndex { index }));
        }
        self.object(to)?;
        if index >= 0
            && let Some(cache) = self.cache.as_deref_mut()
        {
            let entry = to.as_ref().map_or(CacheEntry::Null, T::to_entry);
            let limit = self.rare.limits.cache;
            if !cache.store(index, entry, self.source.frame.len(), limit) {
                return Err(self.source.fail(Flaw::LimitCache { limit }));
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn some_throwable(
        &mut self,
        to: &mut Option<Box<Throwable>>,
        depth: usize,
    ) -> Result<(), DecodeError> {
        if depth > self.rare.limits.causes {
            return Err(self.source.fail(Flaw::LimitCauses {
                limit: self.rare.limits.causes,
            }));
        }
        let throwable = to.insert(Box::default());
        self.text(&mut throwable.class)?;
        self.text(&mut throwable.message)?;
        if !self.rare.stack_trace {
            return Ok(());
        }
        let count = self.source.i16()?;
        // Three texts and the line; a tight text that is absent is but a bit.
        let count = self.claim(count, if TIGHT { 4 } else { 7 })?;
        throwable.stack.reserve_exact(count);
        for _ in 0..count {
            let mut element = StackElement::default();
            self.text(&mut element.class)?;
            self.text(&mut element.method)?;
            self.text(&mut element.file)?;
            element.line = self.source.i32()?;
            throwable.stack.push(element);
        }
        if self.flag()? {
            self.some_throwable(&mut throwable.cause, depth + 1)?;
        }
        Ok(())
    }
}

impl<const TIGHT: bool> Reader for Decoding<'_, TIGHT> {
    #[inline(always)]
    fn version(&self) -> i32 {
        self.rare.version
    }

    #[inline(always)]
    fn together(&mut self, value: &mut impl Fields) -> Result<(), DecodeError> {
        let mut lent = self.lend();
        value.read_fields(&mut lent)?;
        self.take_back(lent);
        Ok(())
    }

    #[inline(always)]
    fn boolean(&mut self, to: &mut bool) -> Result<(), DecodeError> {
        *to = self.flag()?;
        Ok(())
    }

    #[inline(always)]
    fn byte<T: From<i8>>(&mut self, to: &mut T) -> Result<(), DecodeError> {
        *to = self.source.u8()?.cast_signed().into();
        Ok(())
    }

    #[inline(always)]
    fn int(&mut self, to: &mut i32) -> Result<(), DecodeError> {
        *to = self.source.i32()?;
        Ok(())
    }

    #[inline(always)]
    fn long(&mut self, to: &mut i64) -> Result<(), DecodeError> {
        *to = if TIGHT {
            match (self.bit()?, self.bit()?) {
                (false, false) => 0,
                (false, true) => self.source.u16()?.into(),
                (true, false) => self.source.u32()?.into(),
                (true, true) => self.source.i64()?,
            }
        } else {
            self.source.i64()?
        };
        Ok(())
    }

    #[inline(always)]
    fn text(&mut self, to: &mut Option<Text>) -> Result<(), DecodeError> {
        if self.flag()? {
            let ascii = TIGHT && self.bit()?;
            let limit = self.rare.limits.text;
            let mut taken = Self::plain_text(self.source.rest, limit, to);
            if taken == 0 {
                let Source { frame, rest } = self.source;
                taken = Self::unusual_text(frame, rest, ascii, limit, to)?;
            }
            self.source.rest = self.source.rest.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    #[inline(always)]
    fn sequence(&mut self, to: &mut Option<Bytes>) -> Result<(), DecodeError> {
        if self.flag()? {
            let length = self.source.length()?;
            put(to, self.source.slice(length)?);
        }
        Ok(())
    }

    #[inline(always)]
    fn magic(&mut self, to: &mut Magic) -> Result<(), DecodeError> {
        *to = Magic(self.source.array()?);
        Ok(())
    }

    #[inline(always)]
    fn object<T: Object>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        if self.flag()? {
            let mut lent = self.lend();
            lent.nested(to)?;
            self.take_back(lent);
        }
        Ok(())
    }

    #[inline(always)]
    fn cached<T: Cacheable>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        if self.cache.is_none() {
            return self.object(to);
        }
        let new = self.flag()?;
        let index = self.source.i16()?;
        if new {
            let mut lent = self.lend();
            lent.new_entry(index, to)?;
            self.take_back(lent);
            return Ok(());
        }
        // Most cached fields are absent.
        match self.cache.as_deref().and_then(|cache| cache.entry(index)) {
            Some(CacheEntry::Null) => return Ok(()),
            Some(entry) => T::from_entry(entry, to),
            None => {}
        }
        if to.is_none() {
            return Err(self.source.fail(Flaw::RemoteCacheIndex { index }));
        }
        Ok(())
    }

    #[inline(always)]
    fn array<T: Object>(&mut self, to: &mut Elements<T>) -> Result<(), DecodeError> {
        if self.flag()? {
            let mut lent = self.lend();
            lent.elements(to)?;
            self.take_back(lent);
        }
        Ok(())
    }

    #[inline(always)]
    fn throwable(&mut self, to: &mut Option<Box<Throwable>>) -> Result<(), DecodeError> {
        if self.flag()? {
            let mut lent = self.lend();
            lent.some_throwable(to, 0)?;
            self.take_back(lent);
        }
        Ok(())
    }

    fn wrong_type(&self, expected: &'static str, code: u8) -> DecodeError {
        self.source.fail(Flaw::RemoteWrongType { expected, code })
    }

    fn unknown_type(&self, code: u8) -> DecodeError {
        self.source.fail(Flaw::RemoteUnknownType { code })
    }
}
