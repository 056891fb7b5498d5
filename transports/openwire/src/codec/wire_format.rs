//! Negotiation: what each side offers and what is spoken.

use core::time::Duration;

use super::{DecodeError, Flaw, Limits};
use crate::body::{Properties, Value};
use crate::command::{Magic, Text, WireFormatInfo};

/// The newest version of the protocol.
const NEWEST: i32 = 12;

/// The largest cache: indices are signed 16-bit numbers, and Java stops here.
const MOST_ENTRIES: i32 = 16383;

/// The smallest cache whose eviction ends in Java: it keeps 100 entries free.
const FEWEST_ENTRIES: i32 = 100;

/// Settings of the wire format: an offer of one side, or what both have in common.
///
/// The default is our offer. [`WireFormat::negotiate`] computes, as both sides do, what is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireFormat {
    /// The protocol's version, 1..=12.
    pub version: i32,
    /// Tight encoding instead of loose.
    pub tight: bool,
    /// Whether ids and destinations are cached.
    pub cache: bool,
    /// Entries of the cache, 100..=16383.
    pub cache_size: i32,
    /// Whether frames begin with their size. The offer to leave it out is never ours by default: without
    /// it no frame can be bounded before it is read.
    pub size_prefix: bool,
    /// Whether exceptions carry stack traces and causes.
    pub stack_trace: bool,
    /// Whether both sides want `TCP_NODELAY`.
    pub tcp_no_delay: bool,
    /// Bytes of the largest frame, without its size prefix.
    pub max_frame_size: i64,
    /// Silence after which a peer is given up; zero: never.
    pub max_inactivity: Duration,
    /// How long the first command, and the first check, may take.
    pub initial_delay: Duration,
    /// The host name that the client dialled; information for the server.
    pub host: Option<Text>,
    /// Who it is, e.g. `ActiveMQ`.
    pub provider_name: Option<Text>,
    /// The provider's version.
    pub provider_version: Option<Text>,
    /// The platform, e.g. `Java`.
    pub platform: Option<Text>,
}

impl Default for WireFormat {
    fn default() -> Self {
        Self {
            version: NEWEST,
            tight: true,
            cache: true,
            cache_size: 1024,
            size_prefix: true,
            stack_trace: true,
            tcp_no_delay: true,
            max_frame_size: 100 * 1024 * 1024,
            max_inactivity: Duration::from_secs(30),
            initial_delay: Duration::from_secs(10),
            host: None,
            provider_name: Some(Text::from_static("finewire")),
            provider_version: Some(Text::from_static(env!("CARGO_PKG_VERSION"))),
            platform: Some(Text::from_static("Rust")),
        }
    }
}

impl WireFormat {
    /// What is spoken before negotiation, and what a peer that sends no properties speaks: version 12,
    /// loose, no cache, size prefix. Frames are bounded to what a greeting needs.
    #[must_use]
    pub fn greeting() -> Self {
        Self {
            version: NEWEST,
            tight: false,
            cache: false,
            cache_size: 0,
            size_prefix: true,
            stack_trace: false,
            tcp_no_delay: false,
            max_frame_size: i64::try_from(Limits::greeting().frame).unwrap_or(i64::MAX),
            max_inactivity: Duration::ZERO,
            initial_delay: Duration::ZERO,
            host: None,
            provider_name: None,
            provider_version: None,
            platform: None,
        }
    }

    /// The largest frame in bytes, without its size prefix. Below 1 stands for no limit, as on the wire.
    pub(crate) fn largest_frame(&self) -> usize {
        match self.max_frame_size {
            size @ 1.. => usize::try_from(size).unwrap_or(usize::MAX),
            _ => usize::MAX,
        }
    }

    /// The number of cache entries.
    pub(crate) fn entries(&self) -> usize {
        let size = match self.cache_size {
            1..=MOST_ENTRIES => self.cache_size,
            _ => MOST_ENTRIES,
        };
        usize::try_from(size).unwrap_or_default()
    }

    /// The offer as a command.
    #[must_use]
    pub fn to_info(&self) -> WireFormatInfo {
        let millis = |duration: Duration| {
            Value::Long(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
        };
        let mut properties = Properties::new();
        properties.set("TightEncodingEnabled", self.tight);
        properties.set("CacheEnabled", self.cache);
        properties.set("CacheSize", self.cache_size);
        properties.set("SizePrefixDisabled", !self.size_prefix);
        properties.set("StackTraceEnabled", self.stack_trace);
        properties.set("TcpNoDelayEnabled", self.tcp_no_delay);
        properties.set("MaxFrameSize", self.max_frame_size);
        properties.set("MaxFrameSizeEnabled", true);
        properties.set("MaxInactivityDuration", millis(self.max_inactivity));
        properties.set(
            "MaxInactivityDurationInitalDelay",
            millis(self.initial_delay),
        );
        let texts = [
            ("Host", &self.host),
            ("ProviderName", &self.provider_name),
            ("ProviderVersion", &self.provider_version),
            ("PlatformDetails", &self.platform),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                properties.set(name, text.clone());
            }
        }
        WireFormatInfo {
            version: self.version,
            // The names are short: it always encodes.
            marshalled_properties: properties.encode().ok(),
            ..WireFormatInfo::default()
        }
    }

    /// The offer that a command holds. Absent properties are false, 0 or `None`; unknown ones are ignored.
    ///
    /// # Errors
    /// [`Flaw::RemoteMagic`] if the peer does not speak OpenWire, or what is wrong with a property map
    /// that is damaged or above [`Limits::greeting`].
    pub fn from_info(info: &WireFormatInfo) -> Result<Self, DecodeError> {
        if info.magic != Magic::default() {
            return Err(DecodeError::new(Flaw::RemoteMagic, 1));
        }
        let properties = match &info.marshalled_properties {
            Some(bytes) => Properties::decode(bytes, &Limits::greeting())?.unwrap_or_default(),
            None => Properties::new(),
        };
        let boolean = |name| properties.boolean(name).unwrap_or_default();
        let number = |name| properties.integer(name).unwrap_or_default();
        let duration =
            |name| Duration::from_millis(u64::try_from(number(name)).unwrap_or_default());
        Ok(Self {
            version: info.version,
            tight: boolean("TightEncodingEnabled"),
            cache: boolean("CacheEnabled"),
            cache_size: i32::try_from(number("CacheSize")).unwrap_or(-1),
            size_prefix: !boolean("SizePrefixDisabled"),
            stack_trace: boolean("StackTraceEnabled"),
            tcp_no_delay: boolean("TcpNoDelayEnabled"),
            max_frame_size: number("MaxFrameSize"),
            max_inactivity: duration("MaxInactivityDuration"),
            initial_delay: duration("MaxInactivityDurationInitalDelay"),
            host: properties.text("Host"),
            provider_name: properties.text("ProviderName"),
            provider_version: properties.text("ProviderVersion"),
            platform: properties.text("PlatformDetails"),
        })
    }

    /// What is spoken between two sides that offered `self` and `theirs`; the same whoever computes it.
    /// The informational texts are theirs.
    ///
    /// # Errors
    /// [`Flaw::RemoteOffer`] if both want the cache and the smaller one has fewer than 100 entries: a
    /// Java peer would hang in its own eviction.
    pub fn negotiate(&self, theirs: &Self) -> Result<Self, DecodeError> {
        let cache = self.cache && theirs.cache;
        let cache_size = match self.cache_size.min(theirs.cache_size) {
            0 => MOST_ENTRIES,
            size => size,
        };
        if cache && !(FEWEST_ENTRIES..=MOST_ENTRIES).contains(&cache_size) {
            let property = "CacheSize";
            return Err(DecodeError::new(Flaw::RemoteOffer { property }, 0));
        }
        Ok(Self {
            version: i32::try_from(least(self.version.into(), theirs.version.into()))
                .unwrap_or(NEWEST)
                .clamp(1, NEWEST),
            tight: self.tight && theirs.tight,
            cache,
            cache_size,
            size_prefix: self.size_prefix || theirs.size_prefix,
            stack_trace: self.stack_trace && theirs.stack_trace,
            tcp_no_delay: self.tcp_no_delay && theirs.tcp_no_delay,
            max_frame_size: match least(self.max_frame_size, theirs.max_frame_size) {
                size @ 1.. => size,
                _ => i64::MAX,
            },
            max_inactivity: self.max_inactivity.min(theirs.max_inactivity),
            initial_delay: self.initial_delay.min(theirs.initial_delay),
            host: theirs.host.clone(),
            provider_name: theirs.provider_name.clone(),
            provider_version: theirs.provider_version.clone(),
            platform: theirs.platform.clone(),
        })
    }
}

/// The lesser of two numbers, of which those below 1 count as absent.
fn least(ours: i64, theirs: i64) -> i64 {
    match (ours > 0, theirs > 0) {
        (true, true) => ours.min(theirs),
        (true, false) => ours,
        _ => theirs,
    }
}
