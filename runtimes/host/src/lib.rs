//! What a finewire runtime adapter needs and no runtime: clock, TLS, step loop.
