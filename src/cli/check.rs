//! `blinkdx check`: clips against what they must show.

use std::env;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blinkdx::check::{self, CheckReport, Difference, Entry, Manifest, Outcome, Shown};
use blinkdx::devices::{Device, Library, Pattern};
use blinkdx::json_file::FileError;
use blinkdx::matcher::{Query, diagnose};
use blinkdx::observe::Rect;
use blinkdx::report::json::Report;
use blinkdx::source::FrameSource;

use super::args::{Common, Decoder, Format, Reading};
use super::failure::{Failure, Status};
use super::in_order::{in_order, processors};
use super::{library, output, reading};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A manifest (JSON), or a folder with a CLIP.expect.json beside each CLIP
    pub manifest: PathBuf,
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Only entries whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Start no further entry after one that differs or can't be read
    #[arg(long)]
    pub fail_fast: bool,
    /// Show what differs, and write what was measured as the new expectation
    #[arg(long)]
    pub update: bool,
    /// Entries that run at the same time; without it as many as there are processors
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Who decodes video: `auto` takes `ffmpeg` where it is installed
    #[arg(long, value_enum, default_value_t)]
    pub decoder: Decoder,
}

/// How long a camera is looked through where the manifest does not say, in s.
const FILMED_S: f64 = 10.0;

/// An entry that was run.
struct Run {
    outcome: Outcome,
    /// Exit status on account of this entry alone.
    status: Status,
    /// The new expectation, where it differs.
    updated: Option<Entry>,
}

pub fn run(args: &Args, common: &Common) -> Result<Status, Failure> {
    let library = library::load(common)?;
    let mut manifest = Manifest::read(&args.manifest)?;
    let wanted: Vec<usize> = (0..manifest.entries.len())
        .filter(|&i| {
            let title = manifest.entries[i].title();
            args.filter
                .as_ref()
                .is_none_or(|f| title.contains(f.as_str()))
        })
        .collect();
    if wanted.is_empty() {
        return Err(Failure::Usage(format!(
            "{}: no entry to run{}",
            args.manifest.display(),
            match &args.filter {
                Some(filter) => format!(": none has {filter:?} in its name"),
                None => String::new(),
            }
        )));
    }
    let entries: Vec<&Entry> = wanted.iter().map(|&i| &manifest.entries[i]).collect();
    let runs = run_all(&entries, args, &library)?;

    let status = runs.iter().map(|r| r.status).max().unwrap_or(Status::Done);
    let mut changed = Vec::new();
    for (&i, run) in wanted.iter().zip(&runs) {
        if let Some(entry) = &run.updated {
            manifest.entries[i] = entry.clone();
            changed.push(i);
        }
    }
    if !changed.is_empty() {
        manifest.write(&args.manifest, &changed)?;
    }
    let outcomes = runs.into_iter().map(|r| r.outcome).collect();
    let report = CheckReport::new(&args.manifest.display().to_string(), outcomes);
    if let Some(path) = &args.junit {
        write_junit(path, &report)?;
    }
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Text => output::text(|out| report.write_summary(out))?,
    }
    Ok(status)
}

/// Runs the entries, several at a time, and prints each as soon as all before it are printed.
fn run_all(entries: &[&Entry], args: &Args, library: &Library) -> Result<Vec<Run>, Failure> {
    let stop = AtomicBool::new(false);
    let mut runs = Vec::with_capacity(entries.len());
    in_order(
        entries.len(),
        args.jobs.unwrap_or_else(processors),
        |i| {
            let run = if stop.load(Ordering::Relaxed) {
                not_run(entries[i])
            } else {
                run_one(entries[i], args, library)
            };
            if args.fail_fast && run.status != Status::Done {
                stop.store(true, Ordering::Relaxed);
            }
            run
        },
        |_, run| {
            let printed = print(&run, args);
            if printed.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            runs.push(run);
            printed
        },
    )?;
    Ok(runs)
}

fn print(run: &Run, args: &Args) -> std::io::Result<()> {
    if args.format == Format::Text {
        output::text(|out| run.outcome.write(out))?;
    }
    let failed = matches!(
        run.outcome.status,
        check::Status::Failed | check::Status::Error
    );
    if failed && env::var_os("GITHUB_ACTIONS").is_some_and(|v| v == "true") {
        // GitHub reads workflow commands from both streams; this one keeps standard output for results.
        eprintln!("{}", annotation(&args.manifest, &run.outcome));
    }
    Ok(())
}

/// A workflow command that shows the failure in GitHub's list of annotations.
fn annotation(manifest: &Path, outcome: &Outcome) -> String {
    // https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    let value = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |text: &str| value(text).replace(':', "%3A").replace(',', "%2C");
    let differences: Vec<String> = outcome
        .differences
        .iter()
        .map(ToString::to_string)
        .collect();
    let message = match &outcome.error {
        Some(error) => error.clone(),
        None => [&differences[..], &outcome.timelines[..]]
            .concat()
            .join("\n"),
    };
    format!(
        "::error file={},title={}::{}",
        property(&manifest.display().to_string()),
        property(&outcome.name),
        value(&message)
    )
}

fn not_run(entry: &Entry) -> Run {
    Run {
        outcome: outcome(entry, check::Status::NotRun, 0.0),
        status: Status::Done,
        updated: None,
    }
}

fn outcome(entry: &Entry, status: check::Status, seconds: f64) -> Outcome {
    Outcome {
        name: entry.title().to_owned(),
        status,
        seconds,
        differences: Vec::new(),
        error: None,
        result: None,
        timelines: Vec::new(),
    }
}

fn run_one(entry: &Entry, args: &Args, library: &Library) -> Run {
    let start = Instant::now();
    match judge(entry, args, library) {
        Ok(run) => Run {
            outcome: Outcome {
                seconds: start.elapsed().as_secs_f64(),
                ..run.outcome
            },
            ..run
        },
        Err(failure) => Run {
            outcome: Outcome {
                error: Some(failure.to_string()),
                ..outcome(entry, check::Status::Error, start.elapsed().as_secs_f64())
            },
            status: failure.status(),
            updated: None,
        },
    }
}

/// Reads, matches and compares one entry.
fn judge(entry: &Entry, args: &Args, library: &Library) -> Result<Run, Failure> {
    let given = match &entry.pattern {
        None => None,
        Some(text) => {
            let pattern: Pattern = text
                .parse()
                .map_err(|e| Failure::Usage(format!("pattern {text:?}: {e}")))?;
            Some(Device::given(&pattern))
        }
    };
    let devices = match &given {
        Some(device) => vec![device],
        None => library::choose(library, entry.model.as_deref())?,
    };
    library::check_context(&entry.context, library)?;
    check_states(entry, &devices)?;
    let reading = Reading {
        decoder: args.decoder,
        region: entry.region.map(|[x, y, w, h]| Rect { x, y, w, h }),
        fps: entry.fps,
        from: None,
        to: None,
        threads: None,
    };
    let limit = entry.time_limit_s.map(Duration::from_secs_f64);
    let (name, source) = source(entry, args, &reading)?;
    let (seen, in_time) = reading::read_within(&name, source, &reading, limit)?;
    let query = Query {
        context: entry.context.clone(),
    };
    let diagnosis = diagnose(&seen, &devices, &query);
    let report = Report::new(&seen, &diagnosis, &devices);
    let surest = || seen.lights.first().map(|l| &l.train);
    let shown = Shown {
        report: &report,
        train: diagnosis.train.as_ref().or_else(surest),
        live: entry.camera.is_some(),
    };
    let mut differences = check::compare(&entry.expect, shown);
    if !in_time {
        differences.push(Difference {
            what: "time_limit_s".to_owned(),
            expected: format!("{}", entry.time_limit_s.unwrap_or_default()),
            measured: "longer".to_owned(),
        });
    }
    let unexpecting = args.update && entry.expect == Default::default();
    if differences.is_empty() && !unexpecting {
        return Ok(Run {
            outcome: Outcome {
                result: Some(report),
                ..outcome(entry, check::Status::Passed, 0.0)
            },
            status: Status::Done,
            updated: None,
        });
    }
    // A clip that took too long was not seen to its end: nothing to learn from.
    let update = args.update && in_time;
    let updated = update.then(|| check::updated(entry, shown, &differences));
    let (mark, status) = match update {
        true => (check::Status::Updated, Status::Done),
        false => (check::Status::Failed, Status::Difference),
    };
    Ok(Run {
        outcome: Outcome {
            differences,
            timelines: check::timelines(entry, shown.train, &devices),
            result: Some(report),
            ..outcome(entry, mark, 0.0)
        },
        status,
        updated,
    })
}

/// Opens the clip or the camera of an entry; also its name for errors.
fn source(
    entry: &Entry,
    args: &Args,
    reading: &Reading,
) -> Result<(String, Box<dyn FrameSource>), Failure> {
    let Some(clip) = &entry.clip else {
        let camera = entry.camera.clone().unwrap_or_default();
        let film = film(&camera, entry.for_s.unwrap_or(FILMED_S))?;
        return Ok((camera, film));
    };
    let folder = if args.manifest.is_dir() {
        Some(args.manifest.as_path())
    } else {
        args.manifest.parent()
    };
    let path = folder.map_or_else(|| PathBuf::from(clip), |f| f.join(clip));
    let name = path.display().to_string();
    let source = reading::open(&name, reading)?;
    Ok((name, source))
}

#[cfg(feature = "camera")]
fn film(camera: &str, for_s: f64) -> Result<Box<dyn FrameSource>, Failure> {
    let film = blinkdx::source::camera::Film::open(camera, Duration::from_secs_f64(for_s))?;
    Ok(Box::new(film))
}

#[cfg(not(feature = "camera"))]
fn film(_camera: &str, _for_s: f64) -> Result<Box<dyn FrameSource>, Failure> {
    Err(super::watch::without_cameras())
}

/// Refuses states that no device has: a misspelt one would never be seen, or always be absent.
fn check_states(entry: &Entry, devices: &[&Device]) -> Result<(), Failure> {
    let named = entry.expect.state.iter().chain(&entry.expect.not_states);
    for state in named {
        if devices.iter().all(|d| d.state(state).is_none()) {
            let model = entry.model.as_deref().unwrap_or("any known device");
            return Err(Failure::Usage(format!(
                "{}: {state:?} is no state of {model}; `blinkdx models` lists them",
                entry.title()
            )));
        }
    }
    Ok(())
}

fn write_junit(path: &Path, report: &CheckReport) -> Result<(), FileError> {
    let refuse = |e: std::io::Error| FileError::whole(path, format!("can't write: {e}"));
    let mut out = BufWriter::new(File::create(path).map_err(refuse)?);
    check::write_junit(report, &mut out).map_err(refuse)?;
    out.flush().map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_one_line_whatever_the_text() {
        let entry = Entry {
            name: Some("a, b: c".to_owned()),
            ..Entry::default()
        };
        let failed = Outcome {
            error: Some("100 %\nof it".to_owned()),
            ..outcome(&entry, check::Status::Error, 0.0)
        };
        assert_eq!(
            annotation(Path::new("dir/m.json"), &failed),
            "::error file=dir/m.json,title=a%2C b%3A c::100 %25%0Aof it"
        );
    }
}
