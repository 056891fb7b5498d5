//! finewire machines on blocking sockets and threads.
