//! Randomness from the operating system.

/// 32 bytes from the operating system's random source, to seed a machine with.
///
/// # Errors
///
/// The operating system has no random source or it failed; nothing secure can be started then.
///
/// ```
/// let seed = finewire_host::seed()?;
/// assert_ne!(seed, finewire_host::seed()?);
/// # Ok::<(), finewire_host::NoRandomness>(())
/// ```
pub fn seed() -> Result<[u8; 32], NoRandomness> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(NoRandomness)?;
    Ok(seed)
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRandomness(getrandom::Error);

impl core::fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the operating system gave no random bytes: {}", self.0)
    }
}

impl core::error::Error for NoRandomness {}
