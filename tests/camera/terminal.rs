//! The view on a terminal (a pseudo-terminal of the guest), as it was really printed.

use crate::bench::usual;

/// What a terminal got, cut into blocks where the last is taken away: how many lines of it each takes away, and the
/// text until the next.
fn blocks(printed: &str) -> Vec<(usize, String)> {
    let mut parts = printed.split("A\x1b[J");
    let mut out = Vec::new();
    let mut up = 0;
    let first = parts.next().unwrap_or_default();
    for part in std::iter::once(first).chain(parts) {
        // Each part but the last ends with the number of lines that the next goes up.
        let (text, next) = match part.rsplit_once("\x1b[") {
            Some((text, n)) if n.parse::<usize>().is_ok() => (text, n.parse().unwrap_or(0)),
            _ => (part, 0),
        };
        out.push((up, text.replace('\r', "")));
        up = next;
    }
    out
}

/// Without escapes.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn the_view_replaces_itself_and_leaves_only_the_last_word() {
    let Some(bench) = usual() else { return };
    for case in ["terminal", "plain_terminal"] {
        let run = bench.run(case);
        assert_eq!(run.status, 0, "{run:?}");
        let blocks = blocks(&run.stdout);
        assert!(blocks.len() > 5, "{run:?}");
        // Of what was printed just before Ctrl-C the terminal drops some.
        let whole = &blocks[..blocks.len() - 3];
        for pair in whole.windows(2) {
            // What each block takes away is all of the one before.
            assert_eq!(pair[1].0, pair[0].1.lines().count(), "{case}: {pair:?}");
        }
        let view = plain(&whole[whole.len() - 2].1);
        println!("{view}");
        assert!(view.lines().all(|l| l.chars().count() < 80), "{view}");
        assert!(view.contains("video-doorbell: pairing"), "{view}");
        for part in ["light ", "s watched", "-20s", "[", "]"] {
            assert!(view.contains(part), "no {part:?} in\n{view}");
        }
        // The last word stands alone.
        let (_, end) = &blocks[blocks.len() - 1];
        let end = plain(end);
        assert!(end.contains("video-doorbell: pairing\n"), "{end}");
        assert!(end.contains("How sure"), "{end}");
        assert!(!end.contains("s watched"), "{end}");
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let Some(bench) = usual() else { return };
    assert!(bench.run("terminal").stdout.contains("\x1b[38;2;"));
    let plain = &bench.run("plain_terminal").stdout;
    // To go back and to clear is no colour.
    assert!(
        !plain
            .split("\x1b[")
            .skip(1)
            .any(|s| s.contains('m') && s.find('m') < s.find(['A', 'J', 'K', '\n'])),
        "{plain}"
    );
}

#[test]
fn a_terminal_that_cannot_go_back_gets_lines() {
    let Some(bench) = usual() else { return };
    let run = bench.run("dumb_terminal");
    assert_eq!(run.status, 0, "{run:?}");
    assert!(!run.stdout.contains("\x1b["), "{run:?}");
    assert!(
        run.stdout
            .contains("Simulated UVC camera: 320x240 at 15 frames/s, YUYV"),
        "{run:?}"
    );
}
