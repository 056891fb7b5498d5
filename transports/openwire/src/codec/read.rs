//! The reader of both encodings.

use bytes::Bytes;

use super::{
    CacheEntry, Cacheable, DecodeError, Fill, Flaw, Limits, Object, Reader, cache::ReadCache,
    fields::is_marshal_aware,
};
use crate::command::{Elements, Magic, StackElement, Text, Throwable};

/// Bytes of a frame, taken from the front.
pub(crate) struct Source<'a> {
    frame: &'a Bytes,
    rest: &'a [u8],
}

impl<'a> Source<'a> {
    pub(crate) fn new(frame: &'a Bytes) -> Self {
        Self { frame, rest: frame }
    }

    pub(crate) const fn offset(&self) -> usize {
        self.frame.len() - self.rest.len()
    }

    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    #[cold]
    pub(crate) fn fail(&self, flaw: Flaw) -> DecodeError {
        DecodeError::new(flaw, self.offset())
    }

    #[cold]
    fn truncated(&self, needed: usize) -> DecodeError {
        let left = self.left();
        self.fail(Flaw::RemoteTruncated { needed, left })
    }

    #[inline(always)]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk() {
            Some((chunk, rest)) => {
                self.rest = rest;
                Ok(*chunk)
            }
            None => Err(self.truncated(N)),
        }
    }

    #[inline(always)]
    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    #[inline(always)]
    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn i16(&mut self) -> Result<i16, DecodeError> {
        self.array().map(i16::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn i32(&mut self) -> Result<i32, DecodeError> {
        self.array().map(i32::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn i64(&mut self) -> Result<i64, DecodeError> {
        self.array().map(i64::from_be_bytes)
    }

    /// A length that counts bytes to come: not negative, and not more than are left.
    pub(crate) fn length(&mut self) -> Result<usize, DecodeError> {
        let length = self.i32()?;
        let Ok(length) = usize::try_from(length) else {
            return Err(self.fail(Flaw::RemoteNegative {
                length: length.into(),
            }));
        };
        Ok(length)
    }

    fn raw(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.truncated(length)),
        }
    }

    /// The next `length` bytes, shared with the frame.
    pub(crate) fn slice(&mut self, length: usize) -> Result<Bytes, DecodeError> {
        let bytes = self.raw(length)?;
        Ok(self.share(bytes))
    }

    /// Goes on behind bytes that were looked at.
    #[inline(always)]
    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// The bytes that were just taken, shared with the frame.
    fn share(&self, bytes: &[u8]) -> Bytes {
        let end = self.offset();
        self.frame.slice(end - bytes.len()..end)
    }
}

/// The boolean stream of a tight frame: least significant bit first.
#[derive(Default)]
struct Bits<'a> {
    /// Bytes not loaded yet.
    bytes: &'a [u8],
    /// Bits loaded and not taken, the next one lowest.
    loaded: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    fn read(source: &mut Source<'a>) -> Result<Self, DecodeError> {
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
        Ok(Self {
            bytes: source.raw(length)?,
            loaded: 0,
            count: 0,
        })
    }

    #[inline(always)]
    fn next(&mut self) -> Option<bool> {
        if self.count == 0 {
            self.load()?;
        }
        let bit = self.loaded & 1 != 0;
        self.loaded >>= 1;
        self.count -= 1;
        Some(bit)
    }

    #[inline(never)]
    fn load(&mut self) -> Option<()> {
        if let Some((chunk, rest)) = self.bytes.split_first_chunk() {
            self.loaded = u64::from_le_bytes(*chunk);
            self.count = 64;
            self.bytes = rest;
            return Some(());
        }
        for (place, byte) in self.bytes.iter().enumerate() {
            self.loaded |= u64::from(*byte) << (place * 8);
            self.count += 8;
        }
        self.bytes = &[];
        (self.count > 0).then_some(())
    }

    const fn left(&self) -> usize {
        self.bytes.len() * 8 + self.count as usize
    }
}

/// One command being read; `TIGHT` or loose.
pub(crate) struct Decoding<'a, const TIGHT: bool> {
    source: Source<'a>,
    bits: Bits<'a>,
    version: i32,
    stack_trace: bool,
    cache: Option<&'a mut ReadCache>,
    limits: &'a Limits,
    elements: usize,
    depth: usize,
}

impl<'a, const TIGHT: bool> Decoding<'a, TIGHT> {
    pub(crate) fn new(
        frame: &'a Bytes,
        (version, stack_trace): (i32, bool),
        cache: Option<&'a mut ReadCache>,
        limits: &'a Limits,
    ) -> Self {
        Self {
            source: Source::new(frame),
            bits: Bits::default(),
            version,
            stack_trace,
            cache,
            limits,
            elements: limits.elements,
            depth: 0,
        }
    }

    /// Reads one command from type byte to end.
    pub(crate) fn command<T: Fill>(&mut self, command: &mut T) -> Result<(), DecodeError> {
        let code = self.source.u8()?;
        if code == 0 {
            return Ok(());
        }
        if TIGHT {
            self.bits = Bits::read(&mut self.source)?;
        }
        command.fill(self, code)?;
        let left = self.bits.left() / 8;
        if TIGHT && left > 0 {
            return Err(self.source.fail(Flaw::RemoteBitsLeft { left }));
        }
        Ok(())
    }

    /// Bytes read so far.
    pub(crate) const fn offset(&self) -> usize {
        self.source.offset()
    }

    #[inline(always)]
    fn bit(&mut self) -> Result<bool, DecodeError> {
        match self.bits.next() {
            Some(bit) => Ok(bit),
            None => Err(self.source.fail(Flaw::RemoteBitsMissing)),
        }
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
    fn claim(&mut self, count: i16, least: usize) -> Result<usize, DecodeError> {
        let Ok(count) = usize::try_from(count) else {
            return Err(self.source.fail(Flaw::RemoteNegative {
                length: count.into(),
            }));
        };
        if count * least > self.source.left() {
            return Err(self.source.truncated(count * least));
        }
        match self.elements.checked_sub(count) {
            Some(left) => self.elements = left,
            None => {
                return Err(self.source.fail(Flaw::LimitElements {
                    limit: self.limits.elements,
                }));
            }
        }
        Ok(count)
    }

    fn nested<T: Object>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        let code = self.source.u8()?;
        if TIGHT && is_marshal_aware(code) && self.bit()? {
            return Err(self.source.fail(Flaw::RemoteMarshalAware));
        }
        if self.depth >= self.limits.depth {
            return Err(self.source.fail(Flaw::LimitDepth {
                limit: self.limits.depth,
            }));
        }
        self.depth += 1;
        T::read_into(to, self, code)?;
        self.depth -= 1;
        Ok(())
    }

    fn some_sequence(&mut self, to: &mut Option<Bytes>) -> Result<(), DecodeError> {
        let length = self.source.length()?;
        let bytes = self.source.raw(length)?;
        *to = Some(self.source.share(bytes));
        Ok(())
    }

    fn some_text(&mut self, to: &mut Option<Text>) -> Result<(), DecodeError> {
        let ascii = TIGHT && self.bit()?;
        let length = self.source.u16()?;
        if ascii && length.cast_signed() < 0 {
            // Java reads this length, and only this one, as a signed number.
            return Err(self.source.fail(Flaw::RemoteNegative {
                length: length.cast_signed().into(),
            }));
        }
        let length = usize::from(length);
        if length > self.limits.text {
            return Err(self.source.fail(Flaw::LimitText {
                limit: self.limits.text,
            }));
        }
        if Text::take(to, self.source.rest, length) {
            self.source.skip(length);
            return Ok(());
        }
        *to = Some(self.unusual_text(length, ascii)?);
        Ok(())
    }

    /// A text that is long, or not plain, or at the end of the frame.
    #[inline(never)]
    fn unusual_text(&mut self, length: usize, ascii: bool) -> Result<Text, DecodeError> {
        let offset = self.source.offset();
        let bytes = self.source.slice(length)?;
        if ascii {
            return Ok(Text::from_latin1(bytes));
        }
        Text::from_wire(bytes).map_err(|flaw| DecodeError::new(Flaw::RemoteText(flaw), offset))
    }

    fn elements<T: Object>(&mut self, to: &mut Elements<T>) -> Result<(), DecodeError> {
        let count = self.source.i16()?;
        // An absent element is a byte, or in tight a bit.
        let count = self.claim(count, usize::from(!TIGHT))?;
        if TIGHT && count > self.bits.left() {
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
            if !cache.store(index, entry, self.source.frame.len(), self.limits.cache) {
                return Err(self.source.fail(Flaw::LimitCache {
                    limit: self.limits.cache,
                }));
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn known_entry<T: Cacheable>(&self, index: i16, to: &mut Option<T>) -> Result<(), DecodeError> {
        let entry = self.cache.as_deref().and_then(|cache| cache.entry(index));
        if let Some(entry) = entry {
            T::from_entry(entry, to);
        }
        if to.is_none() {
            return Err(self.source.fail(Flaw::RemoteCacheIndex { index }));
        }
        Ok(())
    }

    fn some_throwable(
        &mut self,
        to: &mut Option<Box<Throwable>>,
        depth: usize,
    ) -> Result<(), DecodeError> {
        if depth > self.limits.causes {
            return Err(self.source.fail(Flaw::LimitCauses {
                limit: self.limits.causes,
            }));
        }
        let throwable = to.insert(Box::default());
        self.text(&mut throwable.class)?;
        self.text(&mut throwable.message)?;
        if !self.stack_trace {
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
    fn version(&self) -> i32 {
        self.version
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
            self.some_text(to)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn sequence(&mut self, to: &mut Option<Bytes>) -> Result<(), DecodeError> {
        if self.flag()? {
            self.some_sequence(to)?;
        }
        Ok(())
    }

    fn magic(&mut self, to: &mut Magic) -> Result<(), DecodeError> {
        *to = Magic(self.source.array()?);
        Ok(())
    }

    #[inline(always)]
    fn object<T: Object>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        if self.flag()? {
            self.nested(to)?;
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
            return self.new_entry(index, to);
        }
        // Most cached fields are absent: that is seen without a call.
        match self.cache.as_deref().and_then(|cache| cache.entry(index)) {
            Some(CacheEntry::Null) => Ok(()),
            _ => self.known_entry(index, to),
        }
    }

    #[inline(always)]
    fn array<T: Object>(&mut self, to: &mut Elements<T>) -> Result<(), DecodeError> {
        if self.flag()? {
            self.elements(to)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn throwable(&mut self, to: &mut Option<Box<Throwable>>) -> Result<(), DecodeError> {
        if self.flag()? {
            self.some_throwable(to, 0)?;
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
