//! `blinkdx analyze`: what the light of each clip means.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use blinkdx::devices::{Device, Pattern};
use blinkdx::episodes::events;
use blinkdx::matcher::{Query, diagnose};
use blinkdx::report::{self, json};
use blinkdx::source::{SourceError, clips_below};
use serde::Serialize;

use super::args::{Common, Format, Reading};
use super::failure::{Failure, Status};
use super::in_order::{in_order, processors};
use super::progress::Tally;
use super::results::Results;
use super::{library, output, reading};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Video files, animations, folders of stills, or `-` for a stream on standard input
    #[arg(required = true)]
    pub sources: Vec<String>,
    /// Folders stand for all clips in them and in the folders below
    #[arg(short, long)]
    pub recursive: bool,
    /// The device that was filmed; without it every known device is considered
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// In place of a device: what the light must do, for example 'red(0.2s on, 0.2s off) x5, off 2s'
    #[arg(long, value_name = "PATTERN", conflicts_with = "model")]
    pub pattern: Option<Pattern>,
    /// What is known of the situation, for example `just-powered` (may be repeated)
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub context: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Clips that are read at the same time; without it as many as there are processors
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Leave out the clips that this file has results or errors of, and append those of the others as JSON lines
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Also log every change of what the light shows, with its time in the clip
    #[arg(long)]
    pub events: bool,
    #[command(flatten)]
    pub reading: Reading,
}

/// What to look for, the same for every source.
struct Task<'a> {
    devices: Vec<&'a Device>,
    query: Query,
    reading: Reading,
    common: &'a Common,
    /// Show how far each clip is read.
    bar: bool,
    events: bool,
}

/// The result of one source, in words and as lines of JSON.
struct Answer {
    text: Vec<u8>,
    json: String,
}

pub fn run(args: &Args, common: &Common) -> Result<Status, Failure> {
    let library = library::load(common)?;
    let given = args.pattern.as_ref().map(Device::given);
    let devices = match &given {
        Some(device) => vec![device],
        None => library::choose(&library, args.model.as_deref())?,
    };
    library::check_context(&args.context, &library)?;
    let mut results = args.resume.as_deref().map(Results::open).transpose()?;
    let twice = results.as_ref().is_some_and(|r| r.is_stdout);
    if twice && args.format == Format::Text {
        return Err(Failure::Usage(
            "--resume names the file that standard output goes to: add --format json".to_owned(),
        ));
    }
    let mut clips = sources(args);
    if let Some(results) = &results {
        clips.retain(|clip| !results.has(name_of(clip)));
    }
    let jobs = args.jobs.unwrap_or_else(processors).get().min(clips.len());
    let jobs = NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN);
    let mut reading = args.reading.clone();
    if jobs > NonZeroUsize::MIN && reading.threads.is_none() {
        // Side by side, each clip gets its share: threads that wait for each other are work for nothing.
        reading.threads = NonZeroUsize::new(processors().get() / jobs).or(Some(NonZeroUsize::MIN));
    }
    let task = Task {
        devices,
        query: Query {
            context: args.context.clone(),
        },
        reading,
        common,
        bar: clips.len() == 1,
        events: args.events,
    };

    let mut worst = Status::Done;
    let mut tally = Tally::new(clips.len(), !common.quiet);
    in_order(
        clips.len(),
        jobs,
        |i| match &clips[i] {
            Ok(name) => task.contained(name),
            Err(e) => Err(e.clone().into()),
        },
        |i, answer| {
            tally.clear();
            let text = answer.as_ref().map_or(&[][..], |a| &a.text);
            let line = match &answer {
                Ok(answer) => answer.json.clone(),
                Err(failure) => {
                    failure.print();
                    worst = worst.max(failure.status());
                    error_line(name_of(&clips[i]), failure)?
                }
            };
            match args.format {
                Format::Json => output::raw(|out| writeln!(out, "{line}"))?,
                Format::Text => output::text(|out| {
                    if i > 0 {
                        writeln!(out)?;
                    }
                    out.write_all(text)
                })?,
            }
            if let Some(results) = results.as_mut().filter(|_| !twice) {
                results.append(&line)?;
            }
            tally.update(i + 1);
            Ok::<(), Failure>(())
        },
    )?;
    Ok(worst)
}

/// The clips that are named or lie in folders that are.
fn sources(args: &Args) -> Vec<Result<String, SourceError>> {
    let mut clips = Vec::new();
    for name in &args.sources {
        if !args.recursive || !Path::new(name).is_dir() {
            clips.push(Ok(name.clone()));
            continue;
        }
        let below = clips_below(Path::new(name));
        if below.is_empty() {
            clips.push(Err(SourceError::Invalid {
                name: name.clone(),
                cause: "there are no clips in it or in the folders below".to_owned(),
            }));
        }
        clips.extend(below);
    }
    clips
}

fn name_of(clip: &Result<String, SourceError>) -> &str {
    match clip {
        Ok(name) => name,
        Err(error) => error.name(),
    }
}

fn error_line(name: &str, failure: &Failure) -> io::Result<String> {
    to_json(&json::ErrorReport {
        schema: json::SCHEMA.to_owned(),
        source: json::FailedSource {
            name: name.to_owned(),
        },
        error: failure.to_string(),
    })
}

fn to_json(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)?)
}

impl Task<'_> {
    /// Reads and matches one source. A fault of this program in one clip leaves the others alone.
    fn contained(&self, name: &str) -> Result<Answer, Failure> {
        catch_unwind(AssertUnwindSafe(|| self.answer(name))).unwrap_or_else(|_| {
            Err(Failure::Source(SourceError::Invalid {
                name: name.to_owned(),
                cause: "this program failed on it, which is a fault of its own: please report it"
                    .to_owned(),
            }))
        })
    }

    fn answer(&self, name: &str) -> Result<Answer, Failure> {
        let seen = reading::read(name, &self.reading, self.common, self.bar)?;
        let begun = Instant::now();
        let diagnosis = diagnose(&seen.film, &self.devices, &self.query);
        if self.common.verbose {
            let matched_s = begun.elapsed().as_secs_f64();
            anstream::eprintln!("{name}: match: {:.1} ms", matched_s * 1e3);
        }
        let mut result = json::Report::new(&seen.film, &diagnosis, &self.devices);
        if let Some(from_s) = seen.from_s {
            result.begin_at(from_s);
        }
        let (mut text, mut json) = (Vec::new(), String::new());
        if self.events {
            let from_s = seen.from_s.unwrap_or(0.0);
            let log = events(&seen.film, &diagnosis, &self.devices, &self.query, from_s);
            for event in &log {
                writeln!(text, "{}", event.line())?;
                json += &to_json(event)?;
                json.push('\n');
            }
            if !log.is_empty() {
                writeln!(text)?;
            }
        }
        report::diagnosis(&result, &diagnosis, &mut text)?;
        json += &to_json(&result)?;
        Ok(Answer { text, json })
    }
}
