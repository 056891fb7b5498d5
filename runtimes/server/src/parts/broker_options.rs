//! What the embedded broker can be told: as options of `finewire broker`, and by `[broker.embedded]`.

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use core::time::Duration;
use finewire_host::ServerTls;
use finewire_openwire::broker::{BrokerConfig, BrokerLimits, SlowConsumer, WhenFull};
use std::path::PathBuf;

/// TLS, limits and policies of the embedded broker; what is not said is as by default.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct BrokerOptions {
    /// Certificate chain (PEM) with which it shows itself: it listens with TLS then.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub(crate) certificate_file: Option<PathBuf>,
    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate_file")]
    pub(crate) key_file: Option<PathBuf>,
    /// Listen with TLS and a certificate made at the start, which is written to this file (PEM) for
    /// clients to trust.
    #[arg(long, value_name = "FILE", conflicts_with = "certificate_file")]
    pub(crate) self_made_certificate: Option<PathBuf>,
    /// Connections at a time [default: 10000].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_connections: Option<usize>,
    /// Bytes of one frame, which bounds a message [default: 16777216].
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_frame_bytes: Option<usize>,
    /// Messages in one queue [default: 100000].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_queue_messages: Option<usize>,
    /// Bytes in one queue [default: 268435456].
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_queue_bytes: Option<usize>,
    /// Bytes in all queues [default: 1073741824].
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_total_bytes: Option<usize>,
    /// What happens to a send to a full queue [default: hold].
    #[arg(long, value_enum)]
    pub(crate) when_full: Option<Full>,
    /// How long a send to a full queue is held up before it is refused [default: 30].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) hold_seconds: Option<u64>,
    /// What happens to a topic consumer that cannot keep up [default: drop-oldest].
    #[arg(long, value_enum)]
    pub(crate) slow_consumer: Option<Slow>,
    /// Messages that wait for one topic consumer beyond its prefetch [default: 10000].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_backlog_messages: Option<usize>,
    /// The queue of persistent messages that nobody could handle; `off`: they are thrown away
    /// [default: ActiveMQ.DLQ].
    #[arg(long, value_name = "QUEUE")]
    pub(crate) dead_letter_queue: Option<String>,
    /// How long its task looks for what is about to come.
    #[arg(skip)]
    pub(crate) linger: Duration,
}

/// What happens to a send to a full queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Full {
    /// It is delayed until there is room.
    Hold,
    /// It is refused at once.
    Refuse,
}

/// What happens to a topic consumer that cannot keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Slow {
    /// The oldest message that waits for it is dropped.
    DropOldest,
    /// Its connection is closed.
    Disconnect,
}

impl BrokerOptions {
    /// The broker's configuration, but for where it listens and whom it lets in.
    ///
    /// # Errors
    ///
    /// A limit is zero or beyond what a frame can be, or options contradict one another.
    pub(crate) fn config(&self) -> Result<BrokerConfig> {
        let mut limits = BrokerLimits::default();
        let asked = [
            (
                "max-connections",
                self.max_connections,
                &mut limits.connections,
            ),
            (
                "max-frame-bytes",
                self.max_frame_bytes,
                &mut limits.frame_bytes,
            ),
            (
                "max-queue-messages",
                self.max_queue_messages,
                &mut limits.queue_messages,
            ),
            (
                "max-queue-bytes",
                self.max_queue_bytes,
                &mut limits.queue_bytes,
            ),
            (
                "max-total-bytes",
                self.max_total_bytes,
                &mut limits.total_bytes,
            ),
            (
                "max-backlog-messages",
                self.max_backlog_messages,
                &mut limits.backlog_messages,
            ),
        ];
        for (name, asked, limit) in asked {
            match asked {
                Some(0) => bail!("{name} must be at least 1"),
                Some(asked) => *limit = asked,
                None => {}
            }
        }
        // Frames are counted with 31 bits on the wire.
        if i32::try_from(limits.frame_bytes).is_err() {
            bail!("max-frame-bytes must be at most {}", i32::MAX);
        }
        let default = BrokerConfig::default();
        let when_full = match (self.when_full, self.hold_seconds) {
            (Some(Full::Refuse), Some(_)) => {
                bail!("hold-seconds is for when-full = hold alone")
            }
            (Some(Full::Refuse), None) => WhenFull::Refuse,
            (_, Some(seconds)) => WhenFull::Hold(Duration::from_secs(seconds)),
            (_, None) => default.when_full,
        };
        let slow_consumer = match self.slow_consumer {
            Some(Slow::Disconnect) => SlowConsumer::Disconnect,
            Some(Slow::DropOldest) | None => SlowConsumer::DropOldest,
        };
        let dead_letters = match self.dead_letter_queue.as_deref() {
            Some("off") => None,
            Some(name) if name.is_empty() || name.contains(['*', '>', ',']) => {
                bail!("dead-letter-queue must be a plain name, not {name:?}")
            }
            Some(name) => Some(name.to_owned()),
            None => default.dead_letters.clone(),
        };
        Ok(BrokerConfig {
            limits,
            when_full,
            slow_consumer,
            dead_letters,
            ..default
        })
    }

    /// Whether it listens with TLS.
    pub(crate) const fn is_tls(&self) -> bool {
        self.certificate_file.is_some() || self.self_made_certificate.is_some()
    }

    /// What it shows clients, where it listens with TLS; `host` is where.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or written, or is no certificate with its key.
    pub(crate) fn tls(&self, host: &str) -> Result<Option<ServerTls>> {
        match (
            &self.certificate_file,
            &self.key_file,
            &self.self_made_certificate,
        ) {
            (Some(chain), Some(key), None) => {
                let tls = ServerTls::from_files(chain, key).context("the broker's certificate")?;
                Ok(Some(tls))
            }
            (None, None, Some(file)) => {
                let tls = ServerTls::self_made(&["localhost", "127.0.0.1", "::1", host])
                    .context("the broker's certificate")?;
                std::fs::write(file, tls.certificate_pem()).with_context(|| {
                    format!(
                        "cannot write the broker's certificate to {}",
                        file.display()
                    )
                })?;
                Ok(Some(tls))
            }
            (None, None, None) => Ok(None),
            _ => bail!("TLS needs certificate_file and key_file, or self_made_certificate alone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_the_broker_is_told_and_nonsense_is_refused() {
        let asked = BrokerOptions {
            max_queue_bytes: Some(5000),
            hold_seconds: Some(3),
            slow_consumer: Some(Slow::Disconnect),
            dead_letter_queue: Some("off".into()),
            ..BrokerOptions::default()
        };
        let config = asked.config().unwrap();
        assert_eq!(config.limits.queue_bytes, 5000);
        assert_eq!(config.when_full, WhenFull::Hold(Duration::from_secs(3)));
        assert_eq!(config.slow_consumer, SlowConsumer::Disconnect);
        assert_eq!(config.dead_letters, None);

        let nothing = BrokerOptions::default();
        for wrong in [
            BrokerOptions {
                max_connections: Some(0),
                ..nothing.clone()
            },
            BrokerOptions {
                max_frame_bytes: Some(usize::MAX),
                ..nothing.clone()
            },
            BrokerOptions {
                dead_letter_queue: Some("a.>".into()),
                ..nothing.clone()
            },
            BrokerOptions {
                hold_seconds: Some(1),
                when_full: Some(Full::Refuse),
                ..nothing
            },
        ] {
            assert!(wrong.config().is_err(), "{wrong:?}");
        }
    }
}
