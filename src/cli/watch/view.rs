//! The view on a terminal: what the camera sees, what the light did, what that means, redrawn in place.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, RgbColor, Style};

use blinkdx::live::{Live, RECENT_S};
use blinkdx::matcher::Verdict;
use blinkdx::observe::Rect;
use blinkdx::pulses::{Color, ColorSet};
use blinkdx::report::timeline;
use blinkdx::source::{Frame, Matrix};

/// Time between redraws: often enough for a blink to be seen, little work.
const REDRAW: Duration = Duration::from_millis(150);
/// Width of the small picture in columns; two pixels stand in one character, one above the other.
const COLUMNS: usize = 40;
/// Most rows of it: a tall picture must leave room for the words.
const MAX_ROWS: usize = 14;
/// Time in s that the timeline shows.
const SHOWN_S: f64 = 20.0;

/// What pixels are without colours, from dark to bright.
const SHADES: &[u8] = b" .:-=+*#%@";

/// A block of lines that replaces itself.
pub struct View {
    colored: bool,
    /// Most rows of the picture.
    rows: usize,
    drawn: Option<Instant>,
    /// Lines of the last block.
    lines: usize,
    /// What is said under it, the last word.
    message: String,
}

impl View {
    /// A view in colour or without, on a terminal that has room for a picture of `rows` rows.
    pub fn new(colored: bool, rows: usize) -> Self {
        Self {
            colored,
            rows: rows.min(MAX_ROWS),
            drawn: None,
            lines: 0,
            message: String::new(),
        }
    }

    /// What to say below the timeline from now on.
    pub fn say(&mut self, text: String) {
        self.message = text;
    }

    /// Whether it is time to draw again.
    pub fn is_due(&self) -> bool {
        self.drawn.is_none_or(|at| at.elapsed() >= REDRAW)
    }

    /// The bytes that replace the last block by the present one.
    pub fn redraw(&mut self, live: &Live, frame: &Frame, dropped: u64) -> String {
        self.drawn = Some(Instant::now());
        let mut block = self.block(live, frame, dropped);
        if !self.colored {
            block = anstream::adapter::strip_str(&block).to_string();
        }
        let mut out = self.clear();
        for line in block.lines() {
            // Each line is cleared behind its end, so that nothing flickers.
            let _ = writeln!(out, "{line}\x1b[K");
        }
        self.lines = block.lines().count();
        out
    }

    /// The bytes that go back to the start of the block and remove it.
    pub fn clear(&mut self) -> String {
        match std::mem::take(&mut self.lines) {
            0 => String::new(),
            // To the first column, too: the terminal may have shown "^C".
            n => format!("\r\x1b[{n}A\x1b[J"),
        }
    }

    /// All lines of the view.
    fn block(&self, live: &Live, frame: &Frame, dropped: u64) -> String {
        let finding = live.finding();
        let place = finding.and_then(|f| f.diagnosis.place);
        let mut out = self.picture(frame, place);
        let now = match (live.lit_now(), place) {
            (Some(set), _) => colors(set),
            (None, Some(_)) => "found".to_owned(),
            (None, None) => "not found yet".to_owned(),
        };
        let at = place.map_or(String::new(), |p| format!(" at {:.0},{:.0}", p.x, p.y));
        let left_out = match dropped {
            0 => String::new(),
            1 => ", 1 picture left out".to_owned(),
            n => format!(", {n} pictures left out"),
        };
        let _ = writeln!(
            out,
            "light {now}{at}; {:.0} s watched{left_out}",
            live.now_s()
        );
        let Some(f) = finding else {
            let _ = writeln!(out, "looking …");
            return out;
        };
        if let Some(train) = &f.diagnosis.train {
            // The train counts from where the eyes remember.
            let end_s = live.now_s() - f.from_s;
            let start_s = end_s - SHOWN_S.min(RECENT_S);
            let pulses = train.pulses();
            for color in Color::ALL {
                if pulses.iter().any(|p| p.color == color) {
                    let s = style(color);
                    let row = timeline::row(train, Some(color), start_s, end_s, timeline::WIDTH);
                    let _ = writeln!(out, "{:6}{s}{row}{s:#}", color.name());
                }
            }
            let scale = timeline::scale(-SHOWN_S, 0.0, timeline::WIDTH);
            let _ = writeln!(out, "      {scale}");
        }
        let _ = writeln!(out, "{}", verdict(f.diagnosis.verdict, live));
        if let Some(note) = &f.diagnosis.note {
            let _ = writeln!(out, "{}", cut(note));
        }
        if !self.message.is_empty() {
            let _ = writeln!(out, "{}", cut(&self.message));
        }
        out
    }

    /// A small picture: upper and lower half of each character are one pixel each, the light in a frame of brackets.
    fn picture(&self, frame: &Frame, place: Option<Rect>) -> String {
        let (w, h) = (frame.y.width, frame.y.height);
        if w == 0 || h == 0 || self.rows == 0 {
            return String::new();
        }
        let rows = (COLUMNS * h / w / 2).clamp(1, self.rows);
        let lit = place.map(|p| {
            let (x, y) = p.centre();
            (x * COLUMNS as f64 / w as f64, y * rows as f64 / h as f64)
        });
        let mut out = String::new();
        for row in 0..rows {
            for column in 0..COLUMNS {
                let beside = lit.and_then(|(x, y)| {
                    let off = column as f64 + 0.5 - x;
                    (y as usize == row && (1.0..2.0).contains(&off.abs())).then_some(off < 0.0)
                });
                let pixel = |half: usize| {
                    let at = |i: usize, n: usize, size: usize| i * size / n;
                    let (x0, x1) = (at(column, COLUMNS, w), at(column + 1, COLUMNS, w));
                    let part = 2 * row + half;
                    brightest(
                        frame,
                        (x0, x1),
                        (at(part, 2 * rows, h), at(part + 1, 2 * rows, h)),
                    )
                };
                match beside {
                    Some(left) => out.push(if left { '[' } else { ']' }),
                    None if !self.colored => {
                        let brighter = luma(pixel(0)).max(luma(pixel(1)));
                        out.push(char::from(
                            SHADES[usize::from(brighter) * SHADES.len() / 256],
                        ));
                    }
                    None => {
                        let both = Style::new()
                            .fg_color(Some(pixel(0).into()))
                            .bg_color(Some(pixel(1).into()));
                        let _ = write!(out, "{both}▀{both:#}");
                    }
                }
            }
            out.push('\n');
        }
        out
    }
}

/// Luma of BT.601.
fn luma(RgbColor(r, g, b): RgbColor) -> u8 {
    ((299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b)) / 1000) as u8
}

/// The best diagnosis with its confidence, and what it still needs.
fn verdict(verdict: Verdict, live: &Live) -> String {
    let Some(d) = live.finding().map(|f| &f.diagnosis) else {
        return String::new();
    };
    let bold = Style::new().bold();
    let needs = match d.needed_s {
        Some(s) if s > live.now_s() => format!("; {:.0} s more", (s - live.now_s()).ceil()),
        _ if verdict == Verdict::Diagnosed && !live.is_sure() => "; making sure".to_owned(),
        _ => String::new(),
    };
    match (verdict, d.candidates.first()) {
        (Verdict::Diagnosed | Verdict::Ambiguous | Verdict::Insufficient, Some(c)) => format!(
            "{bold}{}: {}{bold:#}, {:.0} %{}{needs}",
            c.model,
            c.state,
            (c.confidence * 100.0).min(99.0),
            if verdict == Verdict::Ambiguous {
                ", or another"
            } else {
                ""
            }
        ),
        _ => format!("{bold}{}{bold:#}{needs}", verdict.name()),
    }
}

fn style(color: Color) -> Style {
    match color {
        Color::Red => AnsiColor::Red,
        Color::Green => AnsiColor::Green,
        Color::Blue => AnsiColor::Blue,
        Color::Amber => AnsiColor::Yellow,
        Color::White => AnsiColor::White,
    }
    .on_default()
}

/// The names of `set`, each in its colour.
fn colors(set: ColorSet) -> String {
    if set.is_dark() {
        return "off".to_owned();
    }
    let named = |c: Color| format!("{0}{1}{0:#}", style(c), c.name());
    let names: Vec<String> = set.colors().map(named).collect();
    names.join(" and ")
}

/// As much of a line as a terminal of 80 columns shows.
fn cut(text: &str) -> String {
    const WIDTH: usize = 79;
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    let start: String = text.chars().take(WIDTH - 1).collect();
    format!("{start}…")
}

/// The colour of the brightest sample of a box, so that a small light is not averaged away.
fn brightest(frame: &Frame, (x0, x1): (usize, usize), (y0, y1): (usize, usize)) -> RgbColor {
    let all = (y0..y1).flat_map(|y| (x0..x1).map(move |x| (x, y)));
    let Some((x, y)) = all.max_by_key(|&(x, y)| frame.y.row(y)[x]) else {
        return RgbColor(0, 0, 0);
    };
    let luma = f64::from(frame.y.row(y)[x]);
    let chroma = |plane: &blinkdx::source::Plane| match plane.height {
        0 => 0.0,
        _ => f64::from(plane.row(y >> frame.chroma_shift.1)[x >> frame.chroma_shift.0]) - 128.0,
    };
    let (u, v) = (chroma(&frame.u), chroma(&frame.v));
    let (luma, scale) = match frame.color.full_range {
        true => (luma, 1.0),
        false => ((luma - 16.0) * 255.0 / 219.0, 255.0 / 224.0),
    };
    // ITU-T H.273: R = Y + a Cr, B = Y + b Cb, G by what is left.
    let (r, b) = match frame.color.matrix {
        Matrix::Bt601 => (1.402, 1.772),
        Matrix::Bt709 => (1.5748, 1.8556),
        Matrix::Bt2020 => (1.4746, 1.8814),
    };
    let (kr, kb) = (1.0 - r / 2.0, 1.0 - b / 2.0);
    let (red, blue) = (luma + r * v * scale, luma + b * u * scale);
    let green = (luma - kr * red - kb * blue) / (1.0 - kr - kb);
    let code = |c: f64| c.round().clamp(0.0, 255.0) as u8;
    RgbColor(code(red), code(green), code(blue))
}

#[cfg(test)]
mod tests {
    use super::*;
    use blinkdx::source::ColorInfo;

    /// A grey picture with one red pixel.
    fn frame() -> Frame {
        let mut f = Frame::default();
        for (plane, code) in [(&mut f.y, 60), (&mut f.u, 128), (&mut f.v, 128)] {
            plane.resize(160, 80);
            plane.data.fill(code);
        }
        let at = 30 * 160 + 82;
        (f.y.data[at], f.u.data[at], f.v.data[at]) = (76, 85, 255);
        f.color = ColorInfo {
            full_range: true,
            ..ColorInfo::default()
        };
        f
    }

    #[test]
    fn a_small_light_is_in_the_picture_in_its_colour_between_brackets() {
        let place = Rect {
            x: 80.0,
            y: 28.0,
            w: 4.0,
            h: 4.0,
        };
        let shown = View::new(true, MAX_ROWS).picture(&frame(), Some(place));
        // It is the lower half of one character: RGB 254, 0, 0 by ITU-T T.871.
        assert_eq!(shown.matches("48;2;254;0;0").count(), 1);
        let plain = anstream::adapter::strip_str(&shown).to_string();
        let rows: Vec<&str> = plain.lines().collect();
        assert_eq!(rows.len(), 10);
        assert!(rows.iter().all(|r| r.chars().count() == COLUMNS));
        assert!(rows[3].contains("[") && rows[3].contains("]"), "{plain}");
    }

    #[test]
    fn without_colours_brightness_is_shown() {
        let mut bright = frame();
        bright.y.data[30 * 160 + 82] = 255;
        let shown = View::new(false, 5).picture(&bright, None);
        assert_eq!(shown.matches(['#', '%', '@']).count(), 1, "{shown}");
        assert_eq!(shown.lines().count(), 5);
        assert!(!shown.contains('\x1b'), "{shown}");
        assert_eq!(View::new(true, 0).picture(&bright, None), "");
    }

    #[test]
    fn the_block_takes_the_place_of_the_one_before() {
        let mut view = View::new(true, MAX_ROWS);
        assert_eq!(view.clear(), "");
        view.lines = 12;
        assert_eq!(view.clear(), "\r\x1b[12A\x1b[J");
        assert_eq!(view.clear(), "");
    }

    #[test]
    fn long_lines_are_cut() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"ä".repeat(100));
        assert_eq!(long.chars().count(), 79);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn what_the_light_does_and_what_that_means_is_shown() {
        use blinkdx::devices::Library;
        use blinkdx::matcher::Query;
        use blinkdx::observe::ObserveOptions;
        use blinkdx::simulate::{ClipSpec, Conditions, SimulatedSource};
        use blinkdx::source::FrameSource;

        let device = Library::built_in().get("video-doorbell").unwrap();
        let conditions = Conditions {
            difficulty: 0.0,
            seed: 0,
            size: Some((320, 240)),
            fps: Some(15.0),
            duration_s: Some(8.0),
        };
        let spec = ClipSpec::draw(device, device.state("pairing"), &conditions);
        let mut source = SimulatedSource::new(&spec).unwrap();
        let options = ObserveOptions::default();
        let devices = vec![device.clone()];
        let mut live = Live::new(source.info(), 15.0, devices, options, Query::default()).unwrap();
        let mut frame = Frame::default();
        while source.read(&mut frame).unwrap() {
            live.see(&frame, &mut |_| {});
            // As fast as a camera, for the matcher: each question is answered before the next.
            while live.is_thinking() {
                live.poll(&mut |_| {});
                std::thread::yield_now();
            }
        }
        let mut view = View::new(true, MAX_ROWS);
        view.say("a message".to_owned());
        let shown = view.redraw(&live, &frame, 3);
        let plain = anstream::adapter::strip_str(&shown).to_string();
        println!("{plain}");
        for part in [
            "s watched, 3 pictures left out",
            "video-doorbell: pairing",
            "█",
            "-20s",
            "[",
            "a message",
        ] {
            assert!(plain.contains(part), "no {part:?} in\n{plain}");
        }
        assert!(plain.lines().all(|l| l.chars().count() < 80), "{plain}");
    }
}
