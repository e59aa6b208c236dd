//! The command line: what is asked for, what is printed, and the exit status.

mod analyze;
mod args;
mod cameras;
mod check;
mod failure;
mod in_order;
mod learn;
mod library;
mod measure;
mod models;
mod output;
mod progress;
mod reading;
mod results;
mod simulate;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};

use failure::{Failure, Status};

/// Reads a device's status LED through a camera and says what it means.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: args::Common,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Diagnose recorded clips
    Analyze(analyze::Args),
    /// Diagnose live from a webcam, until sure, for a time, or until Ctrl-C
    Watch(watch::Args),
    /// Measure every light of a clip, without any device
    Measure(measure::Args),
    /// Run clips against what they must show
    Check(check::Args),
    /// Describe a state of a device from clips of it, for --devices
    Learn(learn::Args),
    /// The known devices, their states, meanings, actions and sources
    Models(models::Args),
    /// The webcams of this machine, with their formats
    Cameras(cameras::Args),
    /// Render a clip of a device in a state, with its truth beside it
    Simulate(simulate::Args),
}

/// Runs the program and returns its exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return refuse(&e),
    };
    let done = match &cli.command {
        Command::Analyze(args) => analyze::run(args, &cli.common),
        Command::Watch(args) => watch::run(args, &cli.common),
        Command::Measure(args) => measure::run(args, &cli.common),
        Command::Check(args) => check::run(args, &cli.common),
        Command::Learn(args) => learn::run(args, &cli.common),
        Command::Models(args) => models::run(args, &cli.common),
        Command::Cameras(args) => cameras::run(args),
        Command::Simulate(args) => simulate::run(args, &cli.common),
    };
    let status = done.unwrap_or_else(|failure| {
        failure.print();
        failure.status()
    });
    ExitCode::from(status as u8)
}

/// Prints help and version as clap lays them out, and a usage error as one line.
fn refuse(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // A reader that closed the pipe has seen what it wanted.
            let _ = error.print();
            ExitCode::from(error.exit_code() as u8)
        }
        _ => {
            let text = error.render().to_string();
            let told = text.split("\n\nUsage:").next().unwrap_or(&text);
            let told = told
                .split("\n\nFor more information")
                .next()
                .unwrap_or(told);
            let words: Vec<&str> = told.split_whitespace().collect();
            let line = words.join(" ");
            Failure::Usage(format!(
                "{}; `blinkdx --help` lists what there is",
                line.trim_start_matches("error: ").replace(" tip: ", "; ")
            ))
            .print();
            ExitCode::from(Status::Usage as u8)
        }
    }
}
