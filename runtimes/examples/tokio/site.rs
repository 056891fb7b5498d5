//! A whole site in one process, for the other examples to be tried on.
//!
//! ```text
//! cargo run -p finewire-examples --example site
//! ```
#![expect(clippy::print_stdout, reason = "it is a program")]

use finewire_examples::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error + Send + Sync>> {
    let site = Site::start().await?;
    println!("broker at {}, until you press Ctrl-C", site.url);
    println!(
        "agents 1001001 to 1001010 at 2001 to 2010, password {}",
        finewire_simulator::PASSWORD
    );
    core::future::pending().await
}
