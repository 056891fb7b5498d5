//! OpenWire (ActiveMQ) as sans-IO Rust: codec of every type, client machine, broker machine.
