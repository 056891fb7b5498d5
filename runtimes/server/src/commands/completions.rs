//! `finewire completions` and `finewire man`: both come from the one description of the command line.

use crate::cli::{self, Cli};
use anyhow::{Context, Result};
use clap::CommandFactory as _;
use std::io::Write as _;
use std::process::ExitCode;

pub(crate) fn run(args: &cli::Completions) -> Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "finewire", &mut text);
    print(&text)
}

/// The page of the program, with a section for each of its commands (man(7)).
pub(crate) fn man() -> Result<ExitCode> {
    let mut command = Cli::command();
    command.build();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        section(sub, &mut text)?;
        for action in sub.get_subcommands().filter(|sub| sub.get_name() != "help") {
            section(action, &mut text)?;
        }
    }
    print(&text)
}

fn section(command: &clap::Command, text: &mut Vec<u8>) -> Result<()> {
    let title = command.get_bin_name().unwrap_or(command.get_name());
    writeln!(text, ".SH \"{}\"", title.to_uppercase())?;
    let page = clap_mangen::Man::new(command.clone());
    page.render_description_section(text)?;
    page.render_synopsis_section(text)?;
    page.render_options_section(text)?;
    Ok(())
}

fn print(text: &[u8]) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        // A reader that has seen enough.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        result => result
            .map(|()| ExitCode::SUCCESS)
            .context("standard output"),
    }
}
