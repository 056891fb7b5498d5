//! Real ActiveMQ clients against the embedded broker, and ActiveMQ's own opinion beside ours.

mod cases;
mod java;
mod program;
mod selectors;
