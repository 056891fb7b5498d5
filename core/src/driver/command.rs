//! What a driver's owner asks for.

use crate::agent::{AgentId, DialogId, Extension, Text};
use crate::contract;
use crate::password::Secret;

/// A command of a driver's owner. Passwords are in clear here; the driver encodes them.
///
/// Each ends once: done when what the contract promises for it has arrived, refused when the
/// connector says no (with the connector's words), failed when the answer or the link is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Binds an agent to this driver. The driver repeats it by itself when the connector asks for
    /// it or the broker was away.
    Connect {
        /// The agent.
        agent: AgentId,
        /// The agent's password; without it the connector subscribes at the login.
        password: Option<Secret>,
        /// Whether the password is a bearer token.
        sso: bool,
    },
    /// Signs an agent in.
    Login {
        /// The agent.
        agent: AgentId,
        /// The agent's password.
        password: Secret,
        /// The agent's line.
        extension: Extension,
    },
    /// Signs a mobile agent in (UCCE).
    MobileLogin {
        /// The agent.
        agent: AgentId,
        /// The agent's password.
        password: Secret,
        /// The agent's line.
        extension: Extension,
        /// Where the agent is reached.
        dial_number: Text,
        /// How the agent is reached.
        mode: contract::MobileMode,
    },
    /// Anything else that the contract knows, about an agent. Commands with a password, `Hello`
    /// and `Beat` are refused here: they have their own ways.
    Tell {
        /// The agent.
        agent: AgentId,
        /// What is asked.
        command: contract::Command,
    },
    /// Forgets an agent: its model, its password and its unended commands. Says nothing to the
    /// connector.
    Forget(AgentId),
}

impl Command {
    /// Binds an agent to this driver, proving the password.
    #[must_use]
    pub fn connect(agent: &str, password: Secret) -> Self {
        Self::Connect {
            agent: agent.into(),
            password: Some(password),
            sso: false,
        }
    }

    /// Signs an agent in on a line.
    #[must_use]
    pub fn login(agent: &str, password: Secret, extension: &str) -> Self {
        Self::Login {
            agent: agent.into(),
            password,
            extension: extension.into(),
        }
    }

    /// Anything about an agent that carries no password.
    #[must_use]
    pub fn tell(agent: &str, command: contract::Command) -> Self {
        Self::Tell {
            agent: agent.into(),
            command,
        }
    }

    /// Answers a ringing call.
    #[must_use]
    pub fn answer(agent: &str, dialog: DialogId) -> Self {
        Self::tell(agent, contract::Command::AnswerCall { dialog })
    }

    /// The agent it is about.
    #[must_use]
    pub const fn agent(&self) -> &AgentId {
        match self {
            Self::Connect { agent, .. }
            | Self::Login { agent, .. }
            | Self::MobileLogin { agent, .. }
            | Self::Tell { agent, .. }
            | Self::Forget(agent) => agent,
        }
    }
}
