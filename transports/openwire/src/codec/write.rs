//! The writer of both encodings.

use bytes::Bytes;

use super::{
    Cacheable, EncodeError, Misfit, Object, Writer, cache::WriteCache, fields::is_marshal_aware,
};
use crate::command::{Elements, Magic, Text, Throwable};

/// Objects in objects and causes of causes that are encoded; what goes beyond, careful peers refuse.
const DEPTH: usize = 32;

/// Bytes of a string: Java's tight writer stops below 2^15, its loose one at 2^16.
const TIGHT_TEXT: usize = 32766;
const LOOSE_TEXT: usize = 65535;

/// The versions whose peers take no more than this of an exception's message, in UTF-16 units.
const SHORT_MESSAGE_VERSIONS: [i32; 2] = [1, 10];
const SHORT_MESSAGE: usize = 1024;

/// The boolean stream in the making: least significant bit first.
#[derive(Debug, Default)]
pub(crate) struct BitsOut {
    full: Vec<u8>,
    bits: u64,
    count: u32,
}

impl BitsOut {
    pub(crate) fn clear(&mut self) {
        self.full.clear();
        self.bits = 0;
        self.count = 0;
    }

    #[inline(always)]
    fn push(&mut self, bit: bool) {
        self.bits |= u64::from(bit) << self.count;
        self.count += 1;
        if self.count == 64 {
            self.spill();
        }
    }

    #[cold]
    fn spill(&mut self) {
        self.full.extend_from_slice(&self.bits.to_le_bytes());
        self.bits = 0;
        self.count = 0;
    }

    /// Whole bytes, padding included.
    pub(crate) fn len(&self) -> usize {
        self.full.len() + self.count.div_ceil(8) as usize
    }

    /// Bytes with the length in front.
    pub(crate) fn written(&self) -> usize {
        match self.len() {
            length @ 0..64 => 1 + length,
            length @ 64..256 => 2 + length,
            length => 3 + length,
        }
    }

    /// The bytes, if there are at most eight, which is so but for arrays; what is behind them is 0.
    pub(crate) fn short(&self) -> Option<(u8, [u8; 8])> {
        if !self.full.is_empty() {
            return None;
        }
        let length = u8::try_from(self.len()).ok()?;
        Some((length, self.bits.to_le_bytes()))
    }

    /// The stream with its length in front, in the form that belongs to the length.
    pub(crate) fn write(&self, mut put: impl FnMut(&[u8])) {
        let length = self.len();
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short), _) if short < 64 => put(&[short]),
            (Ok(short), _) => put(&[0xC0, short]),
            (_, Ok(long)) => {
                put(&[0x80]);
                put(&long.to_be_bytes());
            }
            // Refused by the caller, who asks `fits`.
            _ => {}
        }
        put(&self.full);
        let last = self.bits.to_le_bytes();
        put(last.get(..self.count.div_ceil(8) as usize).unwrap_or(&last));
    }

    /// Whether the length can be written: it is a signed 16-bit number.
    pub(crate) fn fits(&self) -> bool {
        i16::try_from(self.len()).is_ok()
    }
}

/// The fields of a command in the making, without those contents that are not copied.
#[derive(Debug)]
pub(crate) struct BodyOut {
    pub(crate) bytes: Vec<u8>,
    /// Contents that are left out, each with the number of `bytes` in front of it.
    pub(crate) shared: Vec<(usize, Bytes)>,
    /// Contents from this length on are left out.
    pub(crate) share_from: usize,
}

impl BodyOut {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            shared: Vec::new(),
            share_from: usize::MAX,
        }
    }

    pub(crate) fn clear(&mut self, share_from: usize) {
        self.bytes.clear();
        self.shared.clear();
        self.share_from = share_from;
    }

    /// Bytes of all fields, those left out included.
    pub(crate) fn len(&self) -> usize {
        let shared = self.shared.iter().map(|(_, bytes)| bytes.len());
        self.bytes.len() + shared.sum::<usize>()
    }
}

/// One command being written; `TIGHT` or loose.
pub(crate) struct Encoding<'a, const TIGHT: bool> {
    body: &'a mut BodyOut,
    bits: &'a mut BitsOut,
    version: i32,
    stack_trace: bool,
    cache: Option<&'a mut WriteCache>,
    depth: usize,
}

impl<'a, const TIGHT: bool> Encoding<'a, TIGHT> {
    pub(crate) const fn new(
        body: &'a mut BodyOut,
        bits: &'a mut BitsOut,
        (version, stack_trace): (i32, bool),
        cache: Option<&'a mut WriteCache>,
    ) -> Self {
        Self {
            body,
            bits,
            version,
            stack_trace,
            cache,
            depth: 0,
        }
    }

    #[inline(always)]
    fn flag(&mut self, value: bool) {
        if TIGHT {
            self.bits.push(value);
        } else {
            self.body.bytes.push(value.into());
        }
    }

    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        self.body.bytes.extend_from_slice(bytes);
    }

    fn some_text(&mut self, text: &Text) -> Result<(), EncodeError> {
        let bytes = text.as_wire();
        let limit = if TIGHT { TIGHT_TEXT } else { LOOSE_TEXT };
        let length = match u16::try_from(bytes.len()) {
            Ok(length) if usize::from(length) <= limit => length,
            _ => {
                let length = bytes.len();
                return Err(EncodeError::new(Misfit::LocalText { length, limit }));
            }
        };
        if TIGHT {
            self.bits.push(text.is_ascii());
        }
        self.put(&length.to_be_bytes());
        self.put(bytes);
        Ok(())
    }

    fn maybe_text(&mut self, text: Option<&Text>) -> Result<(), EncodeError> {
        self.flag(text.is_some());
        text.map_or(Ok(()), |text| self.some_text(text))
    }

    fn count(&mut self, length: usize) -> Result<(), EncodeError> {
        match i16::try_from(length) {
            Ok(count) => {
                self.put(&count.to_be_bytes());
                Ok(())
            }
            Err(_) => Err(EncodeError::new(Misfit::LocalLength { length })),
        }
    }

    fn nested<T: Object>(&mut self, value: Option<&T>) -> Result<(), EncodeError> {
        self.flag(value.is_some());
        let Some(value) = value else {
            return Ok(());
        };
        if self.depth >= DEPTH {
            return Err(EncodeError::new(Misfit::LocalDepth { limit: DEPTH }));
        }
        let code = value.type_code();
        if TIGHT && is_marshal_aware(code) {
            self.bits.push(false);
        }
        self.body.bytes.push(code);
        self.depth += 1;
        value.write(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn cached_with<T: Cacheable>(&mut self, value: Option<&T>) -> Result<(), EncodeError> {
        let known = self
            .cache
            .as_deref_mut()
            .and_then(|cache| cache.index_of(value));
        self.flag(known.is_none());
        if let Some(index) = known {
            self.put(&index.to_be_bytes());
            return Ok(());
        }
        // Loose numbers the outer value first, tight the inner ones.
        let place = self.body.bytes.len();
        self.put(&[0xFF, 0xFF]);
        let mut index = -1;
        if !TIGHT && let Some(cache) = self.cache.as_deref_mut() {
            index = cache.add(value);
        }
        self.nested(value)?;
        if TIGHT && let Some(cache) = self.cache.as_deref_mut() {
            index = cache.add(value);
        }
        if let Some(place) = self.body.bytes.get_mut(place..place + 2) {
            place.copy_from_slice(&index.to_be_bytes());
        }
        Ok(())
    }

    fn cause(&mut self, throwable: Option<&Throwable>, depth: usize) -> Result<(), EncodeError> {
        self.flag(throwable.is_some());
        let Some(throwable) = throwable else {
            return Ok(());
        };
        if depth > DEPTH {
            return Err(EncodeError::new(Misfit::LocalDepth { limit: DEPTH }));
        }
        self.maybe_text(throwable.class.as_ref())?;
        match &throwable.message {
            Some(message)
                if SHORT_MESSAGE_VERSIONS.contains(&self.version)
                    && message.utf16_len() > SHORT_MESSAGE =>
            {
                let cut = message.cut(SHORT_MESSAGE - 3, "...");
                self.maybe_text(Some(&cut))?;
            }
            message => self.maybe_text(message.as_ref())?,
        }
        if self.stack_trace {
            self.count(throwable.stack.len())?;
            for element in &throwable.stack {
                self.maybe_text(element.class.as_ref())?;
                self.maybe_text(element.method.as_ref())?;
                self.maybe_text(element.file.as_ref())?;
                self.put(&element.line.to_be_bytes());
            }
            self.cause(throwable.cause.as_deref(), depth + 1)?;
        }
        Ok(())
    }
}

impl<const TIGHT: bool> Writer for Encoding<'_, TIGHT> {
    fn version(&self) -> i32 {
        self.version
    }

    #[inline(always)]
    fn boolean(&mut self, value: &bool) -> Result<(), EncodeError> {
        self.flag(*value);
        Ok(())
    }

    #[inline(always)]
    fn byte<T: Copy + Into<i8>>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.body.bytes.push((*value).into().cast_unsigned());
        Ok(())
    }

    #[inline(always)]
    fn int(&mut self, value: &i32) -> Result<(), EncodeError> {
        self.put(&value.to_be_bytes());
        Ok(())
    }

    fn long(&mut self, value: &i64) -> Result<(), EncodeError> {
        let bytes = value.to_be_bytes();
        if !TIGHT {
            self.put(&bytes);
            return Ok(());
        }
        let [_, _, _, _, a, b, c, d] = bytes;
        match value.cast_unsigned() {
            0 => {
                self.bits.push(false);
                self.bits.push(false);
            }
            1..0x1_0000 => {
                self.bits.push(false);
                self.bits.push(true);
                self.put(&[c, d]);
            }
            0x1_0000..0x1_0000_0000 => {
                self.bits.push(true);
                self.bits.push(false);
                self.put(&[a, b, c, d]);
            }
            _ => {
                self.bits.push(true);
                self.bits.push(true);
                self.put(&bytes);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn text(&mut self, value: &Option<Text>) -> Result<(), EncodeError> {
        self.maybe_text(value.as_ref())
    }

    #[inline(always)]
    fn sequence(&mut self, value: &Option<Bytes>) -> Result<(), EncodeError> {
        self.flag(value.is_some());
        if let Some(bytes) = value {
            let Ok(length) = i32::try_from(bytes.len()) else {
                let length = bytes.len();
                return Err(EncodeError::new(Misfit::LocalLength { length }));
            };
            self.put(&length.to_be_bytes());
            if bytes.len() >= self.body.share_from {
                self.body
                    .shared
                    .push((self.body.bytes.len(), bytes.clone()));
            } else {
                self.put(bytes);
            }
        }
        Ok(())
    }

    fn magic(&mut self, value: &Magic) -> Result<(), EncodeError> {
        self.put(&value.0);
        Ok(())
    }

    #[inline(always)]
    fn object<T: Object>(&mut self, value: &Option<T>) -> Result<(), EncodeError> {
        self.nested(value.as_ref())
    }

    #[inline(always)]
    fn cached<T: Cacheable>(&mut self, value: &Option<T>) -> Result<(), EncodeError> {
        if self.cache.is_some() {
            self.cached_with(value.as_ref())
        } else {
            self.nested(value.as_ref())
        }
    }

    #[inline(always)]
    fn array<T: Object>(&mut self, value: &Elements<T>) -> Result<(), EncodeError> {
        self.flag(value.is_some());
        if let Some(elements) = value {
            self.count(elements.len())?;
            for element in elements {
                self.nested(element.as_ref())?;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn throwable(&mut self, value: &Option<Box<Throwable>>) -> Result<(), EncodeError> {
        self.cause(value.as_deref(), 0)
    }
}
