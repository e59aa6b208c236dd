//! Measures how often the program is right on simulated clips and writes the tables of `docs/ACCURACY.md`:
//!
//! ```text
//! cargo run --release --example accuracy -- --write docs/ACCURACY.md
//! ```
//!
//! `--only NAME --clips 20 --verbose` looks at one condition and tells what failed. `--results FILE` keeps what was
//! measured, so that a run can be stopped (`--minutes 50`) and gone on with; the document is of all that the file holds.

mod calibration;
mod conditions;
mod draws;
mod judge;
mod report;
mod stats;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use blinkdx::devices::Library;
use blinkdx::simulate::output::write;
use clap::Parser;

use conditions::{CONDITIONS, Clip, PHOTOS};
use judge::Outcome;
use store::Store;

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
    /// Keep outcomes here, and leave out clips that it holds already; for one version of the program
    #[arg(long)]
    results: Option<PathBuf>,
    /// Keep the films here, and render none that is here already: four times as fast for the next version of the program.
    /// For one version of the simulator and of this example
    #[arg(long)]
    films: Option<PathBuf>,
    /// Also film mixed clips before the pictures of this folder: real things in place of painted ones
    #[arg(long, value_name = "FOLDER")]
    photos: Option<PathBuf>,
    /// Begin no clip after so many minutes
    #[arg(long)]
    minutes: Option<f64>,
    /// Write the document here
    #[arg(long)]
    write: Option<PathBuf>,
}

/// Name of the clips of mixed difficulty.
const MIXED: &str = "mixed";

/// A clip to film and judge.
struct Job {
    condition: &'static str,
    draw: conditions::Draw,
    seed: u64,
    /// What is behind the device, where it is a picture.
    photo: Option<PathBuf>,
    /// Its place in its condition, 0..1: all conditions go on evenly.
    place: f64,
}

fn main() {
    if let Err(e) = measure(&Args::parse()) {
        eprintln!("{e}");
        std::process::exit(2);
    }
}

/// Place of the mixed clips among the conditions: their seeds stay when conditions are added at the end.
const MIXED_AT: usize = 22;

fn measure(args: &Args) -> Result<(), String> {
    if args.write.is_some() && args.only.is_some() {
        return Err("--write needs all conditions: leave --only out".into());
    }
    let library = Library::built_in();
    let wanted = |name: &str| args.only.as_ref().is_none_or(|o| name.contains(o.as_str()));
    let rows = CONDITIONS.iter().map(|c| (c.name, c.draw, args.clips));
    let mut all: Vec<_> = rows.collect();
    all.insert(MIXED_AT, (MIXED, draws::mixed, args.mixed));
    let photos = args.photos.as_deref().map_or(Ok(Vec::new()), pictures)?;
    if !photos.is_empty() {
        all.push((PHOTOS.name, PHOTOS.draw, args.clips));
    }
    if let Some(folder) = &args.films {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let mut store = Store::open(args.results.as_deref())?;
    let mut jobs: Vec<Job> = all
        .into_iter()
        .enumerate()
        .filter(|(_, (condition, ..))| wanted(condition))
        .flat_map(|(number, (condition, draw, count))| {
            // Seeds of different conditions lie apart.
            let first = args.seed + 100_000 * number as u64;
            let photos: &[PathBuf] = match condition == PHOTOS.name {
                true => &photos,
                false => &[],
            };
            (0..count).map(move |i| Job {
                condition,
                draw,
                seed: first + i as u64,
                photo: photos.get(i % photos.len().max(1)).cloned(),
                place: i as f64 / count as f64,
            })
        })
        .filter(|job| !store.has(job.condition, job.seed))
        .collect();
    jobs.sort_by(|a, b| a.place.total_cmp(&b.place));
    run(args, library, &jobs, &mut store)?;
    let photos = Some(&PHOTOS).filter(|c| !store.of(c.name).is_empty());
    let rows: Vec<String> = CONDITIONS
        .iter()
        .chain(photos)
        .filter(|c| wanted(c.name))
        .map(|c| report::row(c, &store.of(c.name)))
        .collect();
    println!("{}", rows.join("\n"));
    if !wanted(MIXED) {
        return Ok(());
    }
    let outcomes = store.of(MIXED);
    let mixed = report::mixed(&outcomes);
    println!("{mixed}");
    if let Some(path) = &args.write {
        let waits = report::time_to_verdict(library);
        let text = report::document(&rows, &mixed, &waits, outcomes.len());
        std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

/// The files of `folder`, in order.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let bad = |e: std::io::Error| format!("{}: {e}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(bad)?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .map_err(bad)?;
    files.sort();
    Ok(files)
}

/// Films and judges `jobs`, several at a time.
fn run(args: &Args, library: &Library, jobs: &[Job], store: &mut Store) -> Result<(), String> {
    let begun = Instant::now();
    let late = || {
        args.minutes
            .is_some_and(|m| begun.elapsed().as_secs_f64() > 60.0 * m)
    };
    let devices = judge::trusted(library);
    let next = AtomicUsize::new(0);
    let done = Mutex::new((store, 0, Ok(())));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..args.jobs.unwrap_or(cores) {
            scope.spawn(|| {
                while !late() {
                    let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    let mut clip = (job.draw)(library, job.seed);
                    clip.spec.effects.photo.clone_from(&job.photo);
                    let path = args
                        .films
                        .as_ref()
                        .map(|folder| folder.join(format!("{}-{}.mp4", job.condition, job.seed)));
                    let outcome = judge::judge(&devices, &clip, path.as_deref());
                    if !outcome.right {
                        tell(args, job.condition, &clip, &outcome);
                    }
                    let mut done = done.lock().expect("no judge panics with the lock held");
                    let kept = done.0.add(job.condition, job.seed, outcome);
                    if done.2.is_ok() {
                        done.2 = kept;
                    }
                    done.1 += 1;
                    eprint!("\r{}/{} ", done.1, jobs.len());
                }
            });
        }
    });
    eprintln!();
    done.into_inner()
        .expect("no judge panics with the lock held")
        .2
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
