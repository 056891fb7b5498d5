//! finewire as a service of Windows.
//!
//! `finewire service --config FILE` is what the service control manager starts. Stopping the service or shutting
//! the machine down is what SIGTERM is elsewhere: commands under way are answered first.
//!
//! ```text
//! sc.exe create finewire start= auto obj= "NT SERVICE\finewire" binPath= "\"C:\finewire\finewire.exe\" service --config \"C:\finewire\finewire.toml\""
//! sc.exe failure finewire reset= 300 actions= restart/2000
//! ```

use crate::logs::codes;
use crate::{cli, commands, logs, signals};
use anyhow::{Context as _, Result};
use core::time::Duration;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::{Mutex, OnceLock, PoisonError};
use windows_service::define_windows_service;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{
    self, ServiceControlHandlerResult, ServiceStatusHandle,
};
use windows_service::service_dispatcher;

const NAME: &str = "finewire";
/// Each command under way ends within 30 s.
const TO_STOP: Duration = Duration::from_secs(45);
/// What the manager is told when the service could not run: the reason stands in the log.
const FAILED: ServiceExitCode = ServiceExitCode::ServiceSpecific(1);

/// What the process was started with: the manager's own call carries none of it.
static ARGUMENTS: OnceLock<cli::Serve> = OnceLock::new();

define_windows_service!(entry, main);

/// Hands the process over to the service control manager until the service has stopped.
///
/// # Errors
///
/// The process was not started by the manager.
pub(crate) fn run(arguments: cli::Serve) -> Result<ExitCode> {
    if std::env::var_os(logs::FOLDER).is_none() {
        // A service has no standard error.
        let beside = arguments.config.parent().map(|folder| folder.join("logs"));
        logs::keep_in(beside.unwrap_or_else(|| "logs".into()));
    }
    ARGUMENTS.get_or_init(|| arguments);
    service_dispatcher::start(NAME, entry).context(
        "only the service control manager starts a service; elsewhere use `finewire serve`",
    )?;
    Ok(ExitCode::SUCCESS)
}

fn main(_: Vec<OsString>) {
    let on_control = |control| match control {
        ServiceControl::Stop | ServiceControl::Shutdown => {
            tell(ServiceState::StopPending, ServiceExitCode::NO_ERROR);
            signals::ask_to_stop();
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    };
    // Without a handle there is nobody to tell.
    let Ok(handle) = service_control_handler::register(NAME, on_control) else {
        return;
    };
    *status() = Some(handle);
    tell(ServiceState::Running, ServiceExitCode::NO_ERROR);
    let exit = match serve() {
        Ok(()) => ServiceExitCode::NO_ERROR,
        Err(e) => {
            tracing::error!(code = codes::SERVICE_FAILED, "the service has ended: {e:#}");
            FAILED
        }
    };
    tell(ServiceState::Stopped, exit);
}

fn serve() -> Result<()> {
    let arguments = ARGUMENTS.get().context("the service has no arguments")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(commands::serve::run(arguments.clone()))?;
    Ok(())
}

static STATUS: Mutex<Option<ServiceStatusHandle>> = Mutex::new(None);

fn status() -> std::sync::MutexGuard<'static, Option<ServiceStatusHandle>> {
    STATUS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(current_state: ServiceState, exit_code: ServiceExitCode) {
    let controls_accepted = if current_state == ServiceState::Running {
        ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN
    } else {
        ServiceControlAccept::empty()
    };
    let wait_hint = if current_state == ServiceState::StopPending {
        TO_STOP
    } else {
        Duration::ZERO
    };
    if let Some(handle) = *status() {
        // The manager sees by the process itself if it cannot be told.
        let _ = handle.set_service_status(ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state,
            controls_accepted,
            exit_code,
            checkpoint: 0,
            wait_hint,
            process_id: None,
        });
    }
}
