//! `blinkdx learn`: a state of a device, described from clips of it.

use std::path::PathBuf;

use blinkdx::devices::{Device, Hold, Library, OpenSeconds, Pattern, Step};
use blinkdx::json_file;
use blinkdx::learn::{self, Addition, LearnReport, Lesson, Lineup};
use blinkdx::observe::Observation;
use blinkdx::pulses::{Color, ColorSet};

use super::args::{Common, Format, Reading};
use super::failure::{Failure, Status};
use super::{library, output, reading};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Clips of one state, the more the better: video files, animations, folders of stills
    #[arg(required = true, value_name = "CLIP")]
    pub clips: Vec<String>,
    /// The device: lower-case letters, digits and -
    #[arg(long, value_name = "MODEL")]
    pub device: String,
    /// What its state is called
    #[arg(long)]
    pub state: String,
    /// The device's name on the box
    #[arg(long)]
    pub title: Option<String>,
    /// What the state means, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub meaning: Option<String>,
    /// A step for who sees it (may be repeated, in order)
    #[arg(long, value_name = "TEXT")]
    pub action: Vec<String>,
    /// The device file: written anew, or given one more state
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Describe a state anew that the file has already
    #[arg(long)]
    pub replace: bool,
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    #[command(flatten)]
    pub reading: Reading,
}

pub fn run(args: &Args, common: &Common) -> Result<Status, Failure> {
    let known = library::load(common)?;
    let path = &args.output;
    let text = match path.exists() {
        true => Some(json_file::read(path, "device file")?),
        false => None,
    };
    let mut new = Addition {
        device: args.device.clone(),
        title: args.title.clone(),
        state: args.state.clone(),
        meaning: args.meaning.clone(),
        action: args.action.clone(),
        pattern: stand_in(),
        note: String::new(),
        replace: args.replace,
    };
    // A name or a file that won't do is refused before the clips are read, which takes a while.
    let (file, _) = learn::extend(path, text.as_deref(), &new)?;
    Library::with_text(path, &json_file::text(path, &file)?)?;

    let clips: Vec<Observation> = args
        .clips
        .iter()
        .map(|name| Ok(reading::read(name, &args.reading, common, true)?.film))
        .collect::<Result<_, Failure>>()?;
    let clips: Vec<&Observation> = clips.iter().collect();
    let lineup = Lineup::new(&clips);
    let lesson = lineup.learn().map_err(|e| Failure::Usage(e.to_string()))?;
    new.pattern = lesson.pattern.clone();
    new.note = note(&clips, &lesson);
    let (file, change) = learn::extend(path, text.as_deref(), &new)?;
    let learned = Library::with_text(path, &json_file::text(path, &file)?)?;
    json_file::write(path, &file)?;

    let device = learned.get(&args.device);
    let left_out = device.map_or_else(Vec::new, |device| {
        learn::leave_one_out(&lineup, device, &args.state)
    });
    // All states but this one: of the other devices, and of this one as its file has it now.
    let others = known.devices().iter().filter(|d| d.name != args.device);
    let own = device.map(|d| {
        let mut d = d.clone();
        d.states.retain(|s| s.name != args.state);
        d
    });
    let others: Vec<&Device> = own.iter().chain(others).collect();
    let mut rates: Vec<f64> = clips.iter().map(|c| c.fps).collect();
    rates.sort_by(f64::total_cmp);
    let rivals = learn::rivals(&lesson.pattern, &others, rates[rates.len() / 2]);
    let report = LearnReport::new(path, change, &new, &lesson, &clips, &left_out, &rivals);
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Text => output::text(|out| report.write(out))?,
    }
    Ok(Status::Done)
}

/// Any pattern, until the clips are read.
fn stand_in() -> Pattern {
    Pattern::of(Step::Hold(Hold {
        light: ColorSet::of(Color::Red),
        for_s: OpenSeconds {
            min: 0.0,
            max: None,
        },
    }))
}

/// Where the state was learned from, for readers of the device file.
fn note(clips: &[&Observation], lesson: &Lesson) -> String {
    let file = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    let used = clips.iter().zip(&lesson.clips);
    let names: Vec<String> = used
        .filter(|(_, shown)| shown.read)
        .map(|(clip, _)| format!("{} ({:.0} fps)", file(&clip.name), clip.fps))
        .collect();
    format!("Learned by blinkdx from {}.", names.join(", "))
}
