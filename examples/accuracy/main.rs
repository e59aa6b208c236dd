//! Measures how often the program is right on simulated clips and writes the tables of `docs/ACCURACY.md`:
//!
//! ```text
//! cargo run --release --example accuracy -- --write docs/ACCURACY.md
//! ```
//!
//! `--only NAME --clips 20 --verbose` looks at one condition and tells what failed.

mod calibration;
mod conditions;
mod draws;
mod judge;
mod report;
mod stats;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use blinkdx::devices::Library;
use blinkdx::simulate::output::write;
use clap::Parser;

use conditions::{CONDITIONS, Clip};
use judge::Outcome;

/// Measures accuracy on simulated clips.
#[derive(Parser)]
struct Args {
    /// Clips of each condition
    #[arg(long, default_value_t = 100)]
    clips: usize,
    /// Clips of mixed difficulty, for calibration
    #[arg(long, default_value_t = 1000)]
    mixed: usize,
    /// First seed; parameters are fitted on seeds from 0, so that these are others
    #[arg(long, default_value_t = 1_000_000)]
    seed: u64,
    /// Clips at a time; as many as there are cores without it
    #[arg(short, long)]
    jobs: Option<usize>,
    /// Only conditions whose name contains this (`mixed` for the calibration)
    #[arg(long)]
    only: Option<String>,
    /// Tell every clip that went wrong
    #[arg(long)]
    verbose: bool,
    /// Write the clips that went wrong here, with their labels
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Write the document here
    #[arg(long)]
    write: Option<PathBuf>,
}

fn main() {
    let args = Args::parse();
    let library = Library::built_in();
    let wanted = |name: &str| args.only.as_ref().is_none_or(|o| name.contains(o.as_str()));
    let mut rows = Vec::new();
    for (number, condition) in CONDITIONS.iter().enumerate() {
        if wanted(condition.name) {
            // Seeds of different conditions lie apart.
            let first = args.seed + 100_000 * number as u64;
            let outcomes = run(
                &args,
                library,
                condition.draw,
                condition.name,
                first,
                args.clips,
            );
            let row = report::row(condition, &outcomes);
            println!("{row}");
            rows.push(row);
        }
    }
    let mut mixed = None;
    if wanted("mixed") {
        let first = args.seed + 100_000 * CONDITIONS.len() as u64;
        let outcomes = run(&args, library, draws::mixed, "mixed", first, args.mixed);
        let tables = report::mixed(&outcomes);
        println!("{tables}");
        mixed = Some(tables);
    }
    if let Some(path) = &args.write {
        let (Some(mixed), None) = (mixed, &args.only) else {
            eprintln!("--write needs all conditions: leave --only out");
            std::process::exit(2);
        };
        let waits = report::time_to_verdict(library);
        let text = report::document(&rows, &mixed, &waits, args.clips, args.mixed);
        if let Err(e) = std::fs::write(path, text) {
            eprintln!("{}: {e}", path.display());
            std::process::exit(2);
        }
    }
}

/// Films and judges `count` clips, several at a time.
fn run(
    args: &Args,
    library: &Library,
    draw: conditions::Draw,
    name: &str,
    first: u64,
    count: usize,
) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..args.jobs.unwrap_or(cores) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= count {
                        break;
                    }
                    let clip = draw(library, first + i as u64);
                    let outcome = judge::judge(library, &clip);
                    if !outcome.right {
                        tell(args, name, &clip, &outcome);
                    }
                    let mut done = done.lock().expect("no judge panics with the lock held");
                    done.push((i, outcome));
                    eprint!("\r{name} {}/{count} ", done.len());
                }
            });
        }
    });
    eprintln!();
    let mut outcomes = done
        .into_inner()
        .expect("no judge panics with the lock held");
    outcomes.sort_by_key(|o| o.0);
    outcomes.into_iter().map(|o| o.1).collect()
}

fn tell(args: &Args, name: &str, clip: &Clip, outcome: &Outcome) {
    let spec = &clip.spec;
    if args.verbose {
        let e = &spec.effects;
        eprintln!(
            "\r{name} seed {}: {} {} of {:.1} s: {outcome}; radius {:.1} level {:.1} ambient {:.3} shake {:.1} noise {:.3} pwm {:.0} {:?}",
            spec.seed,
            spec.model,
            spec.state,
            spec.duration_s,
            e.led_radius,
            e.led_level,
            e.ambient,
            e.shake,
            e.noise,
            e.pwm_hz,
            e.distract,
        );
    }
    if let Some(folder) = &args.keep {
        let path = folder.join(format!(
            "{name}-{}-{}-{}.mp4",
            spec.seed, spec.model, spec.state
        ));
        let kept = std::fs::create_dir_all(folder)
            .map_err(|e| e.to_string())
            .and_then(|()| {
                write(spec, &path, &clip.encoding(), &mut |_| {}).map_err(|e| e.to_string())
            });
        if let Err(e) = kept {
            eprintln!("{e}");
        }
    }
}
