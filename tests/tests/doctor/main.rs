//! `finewire doctor` against real faults: certificates of every kind, old TLS, brokers that say no, Finesse
//! that does not serve, peers that speak something else or nothing.

mod brokers;
mod bundle;
mod certificates;
mod nodes;
mod peers;
mod tls;
