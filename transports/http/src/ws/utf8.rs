//! Checks text that comes in pieces.

/// Checks a growing text; looks at each byte once, but for up to three at the end of a piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    /// So many bytes are complete characters.
    checked: usize,
}

impl Utf8 {
    /// Checks what was added since the last call; `false` as soon as no further bytes can make it UTF-8.
    pub(super) fn extend(&mut self, text: &[u8]) -> bool {
        let new = text.get(self.checked..).unwrap_or_default();
        match core::str::from_utf8(new) {
            Ok(_) => {
                self.checked = text.len();
                true
            }
            Err(error) => {
                self.checked += error.valid_up_to();
                error.error_len().is_none()
            }
        }
    }

    /// Whether the text does not end inside a character.
    pub(super) const fn is_complete(self, text: &[u8]) -> bool {
        self.checked == text.len()
    }
}
