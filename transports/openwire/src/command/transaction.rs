//! Transactions: their ids and the command that moves them.

use core::fmt;

use bytes::Bytes;

use super::{
    ConnectionId,
    declare::{command, data},
    reflect,
};
use crate::codec::{
    CacheEntry, Cacheable, DecodeError, Digest, EncodeError, Object, Reader, Writer,
};

data! {
    /// A transaction that one connection runs by itself.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    LocalTransactionId = 111 {
        /// Counts up within the connection.
        value: i64 = long "value",
        /// The connection.
        connection_id: Option<ConnectionId> = cached "connectionId",
    }
}

data! {
    /// A branch of a distributed transaction, as its transaction manager named it.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    XATransactionId = 112 {
        /// The format of the ids.
        format_id: i32 = int "formatId",
        /// The global transaction.
        global_transaction_id: Option<Bytes> = sequence "globalTransactionId",
        /// The branch of it.
        branch_qualifier: Option<Bytes> = sequence "branchQualifier",
    }
}

/// The id of a transaction of either kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TransactionId {
    /// A local transaction.
    Local(LocalTransactionId),
    /// A branch of a distributed one.
    Xa(XATransactionId),
}

impl From<LocalTransactionId> for TransactionId {
    fn from(id: LocalTransactionId) -> Self {
        Self::Local(id)
    }
}

impl From<XATransactionId> for TransactionId {
    fn from(id: XATransactionId) -> Self {
        Self::Xa(id)
    }
}

impl LocalTransactionId {
    /// Transaction `value` of a connection.
    #[must_use]
    pub const fn new(connection: ConnectionId, value: i64) -> Self {
        Self {
            value,
            connection_id: Some(connection),
        }
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(id) => {
                f.write_str("TX:")?;
                if let Some(connection) = &id.connection_id {
                    write!(f, "{connection}")?;
                }
                write!(f, ":{}", id.value)
            }
            Self::Xa(id) => {
                write!(f, "XID:{}", id.format_id)?;
                for part in [&id.global_transaction_id, &id.branch_qualifier] {
                    f.write_str(",")?;
                    for byte in part.iter().flatten() {
                        write!(f, "{byte:02x}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl TransactionId {
    /// A copy that does not keep the received frame alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let copy = |bytes: &Option<Bytes>| bytes.as_deref().map(Bytes::copy_from_slice);
        match self {
            Self::Local(id) => Self::Local(LocalTransactionId {
                value: id.value,
                connection_id: id.connection_id.as_ref().map(|id| ConnectionId {
                    value: id.value.as_ref().map(super::Text::detach),
                }),
            }),
            Self::Xa(id) => Self::Xa(XATransactionId {
                format_id: id.format_id,
                global_transaction_id: copy(&id.global_transaction_id),
                branch_qualifier: copy(&id.branch_qualifier),
            }),
        }
    }
}

impl Object for TransactionId {
    const EXPECTED: &'static str = "TransactionId";

    fn type_code(&self) -> u8 {
        match self {
            Self::Local(_) => LocalTransactionId::CODE,
            Self::Xa(_) => XATransactionId::CODE,
        }
    }

    fn read<R: Reader>(reader: &mut R, code: u8) -> Result<Self, DecodeError> {
        match code {
            LocalTransactionId::CODE => LocalTransactionId::read(reader, code).map(Self::Local),
            XATransactionId::CODE => XATransactionId::read(reader, code).map(Self::Xa),
            _ => Err(reader.wrong_type(Self::EXPECTED, code)),
        }
    }

    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), EncodeError> {
        match self {
            Self::Local(id) => id.write(writer),
            Self::Xa(id) => id.write(writer),
        }
    }
}

impl reflect::Reflect for TransactionId {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Local(id) => id.type_name(),
            Self::Xa(id) => id.type_name(),
        }
    }

    fn visit<'a>(
        &'a self,
        version: i32,
        visitor: &mut dyn FnMut(&'static str, reflect::FieldValue<'a>),
    ) {
        match self {
            Self::Local(id) => id.visit(version, visitor),
            Self::Xa(id) => id.visit(version, visitor),
        }
    }
}

impl Cacheable for TransactionId {
    const KIND: usize = 6;

    fn digest(&self) -> u64 {
        let mut digest = Digest::new(self.type_code());
        match self {
            Self::Local(id) => {
                digest.numbers(id.value, 0);
                let text = id.connection_id.as_ref().and_then(|id| id.value.as_ref());
                digest.bytes(text.map_or(&[], super::Text::as_wire));
            }
            Self::Xa(id) => {
                digest.numbers(id.format_id.into(), 0);
                digest.bytes(id.global_transaction_id.as_deref().unwrap_or_default());
                digest.bytes(id.branch_qualifier.as_deref().unwrap_or_default());
            }
        }
        digest.finish()
    }

    fn is(&self, entry: &CacheEntry) -> bool {
        matches!(entry, CacheEntry::Transaction(id) if id == self)
    }

    fn to_entry(&self) -> CacheEntry {
        CacheEntry::Transaction(self.detach())
    }

    fn from_entry(entry: &CacheEntry, to: &mut Option<Self>) {
        if let CacheEntry::Transaction(id) = entry {
            *to = Some(id.clone());
        }
    }
}

/// What a [`TransactionInfo`] asks for; kept as the byte that came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionStep(pub i8);

impl TransactionStep {
    /// Begin; not answered.
    pub const BEGIN: Self = Self(0);
    /// Prepare; answered with an [`IntegerResponse`](super::IntegerResponse).
    pub const PREPARE: Self = Self(1);
    /// Commit in one phase.
    pub const COMMIT_ONE_PHASE: Self = Self(2);
    /// Commit what was prepared.
    pub const COMMIT_TWO_PHASE: Self = Self(3);
    /// Roll back.
    pub const ROLLBACK: Self = Self(4);
    /// List prepared transactions; answered with a [`DataArrayResponse`](super::DataArrayResponse).
    pub const RECOVER: Self = Self(5);
    /// Forget.
    pub const FORGET: Self = Self(6);
    /// End the work on an XA branch.
    pub const END: Self = Self(7);
}

impl From<i8> for TransactionStep {
    fn from(step: i8) -> Self {
        Self(step)
    }
}

impl From<TransactionStep> for i8 {
    fn from(step: TransactionStep) -> Self {
        step.0
    }
}

command! {
    /// Moves a transaction.
    TransactionInfo = 7 {
        /// The sending connection.
        connection_id: Option<ConnectionId> = cached "connectionId",
        /// The transaction; absent in a recover.
        transaction_id: Option<TransactionId> = cached "transactionId",
        /// `type`: what to do.
        step: TransactionStep = byte "type",
    }
}
