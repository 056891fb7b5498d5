//! What the system knows of this process.

/// Figures of the process; `None` where the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Process {
    pub(super) resident_bytes: Option<u64>,
    pub(super) open_descriptors: Option<u64>,
    pub(super) most_descriptors: Option<u64>,
    pub(super) threads: Option<u64>,
}

impl Process {
    /// Reads them where there is a `/proc` (proc(5)); elsewhere all are unknown.
    pub(super) fn look() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let descriptors = std::fs::read_dir("/proc/self/fd").ok();
        Self {
            resident_bytes: figure(&status, "VmRSS:").map(|kilobytes| kilobytes * 1024),
            threads: figure(&status, "Threads:"),
            most_descriptors: figure(&limits, "Max open files"),
            // Looking takes one itself.
            open_descriptors: descriptors
                .and_then(|all| u64::try_from(all.count()).ok())
                .map(|count| count.saturating_sub(1)),
        }
    }
}

/// The first number of the line that begins with `name`.
fn figure(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_the_first_number_of_their_line() {
        let status = "Name:\tfinewire\nVmRSS:\t   10240 kB\nThreads:\t3\n";
        assert_eq!(figure(status, "VmRSS:"), Some(10_240));
        assert_eq!(figure(status, "Threads:"), Some(3));
        assert_eq!(figure(status, "VmSwap:"), None);
        assert_eq!(
            figure("Max open files   unlimited  files", "Max open files"),
            None
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn on_linux_everything_is_known_and_an_open_file_is_counted() {
        let before = Process::look();
        let files: Vec<_> = (0..50)
            .map(|_| std::fs::File::open("/proc/self/status").unwrap())
            .collect();
        let after = Process::look();
        assert!(before.resident_bytes > Some(1024 * 1024), "{before:?}");
        assert!(before.most_descriptors > Some(10), "{before:?}");
        assert!(after.open_descriptors >= before.open_descriptors.map(|n| n + 25));
        drop(files);
    }
}
