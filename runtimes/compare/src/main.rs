//! The four adapters in one run: the same echo of OpenWire frames, served by a machine on each adapter and
//! by a bare loop over the sockets of the same runtime.
//!
//! `finewire-compare [--rounds N] [--messages N] [--many N] [--instructions] [--spread]` prints a table; `tests/compare-adapters.sh`
//! says what stands in it. Without arguments it is one short round, for the test. `finewire-compare serve SERVER` is one
//! server, a process of its own: processor time, context switches and memory are read off that process.

mod bare;
mod echo;
mod load;
mod process;
mod server;
mod table;

use table::Plan;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, server] = arguments.as_slice()
        && serve == "serve"
    {
        server::serve(server);
        return;
    }
    let mut plan = Plan::short();
    let mut words = arguments.iter().map(String::as_str);
    let number = |word: Option<&str>| {
        word.and_then(|word| word.parse().ok())
            .expect("a number follows")
    };
    while let Some(word) = words.next() {
        match word {
            "--rounds" => plan.rounds = number(words.next()),
            "--messages" => plan.messages = number(words.next()),
            "--many" => plan.many = number(words.next()),
            "--instructions" => plan.instructions = true,
            "--spread" => plan.is_spread = true,
            other => panic!("no such option: {other}"),
        }
    }
    table::print(&plan);
}
