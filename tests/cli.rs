//! Usage errors and exit statuses, by running the program.

mod common;

use common::blinkdx;

#[test]
fn help_names_the_commands_and_the_version_is_that_of_the_package() {
    let help = blinkdx(&["--help"]);
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    for command in ["analyze", "measure"] {
        assert!(help.stdout.contains(command), "{command}: {help:?}");
    }
    let version = blinkdx(&["--version"]);
    assert_eq!(
        version.stdout.trim_end(),
        concat!("blinkdx ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn bad_usage_is_one_line_and_status_2() {
    for (args, about) in [
        (&["analyse", "x.mp4"][..], "analyze"),
        (&["analyze"], "<SOURCES>"),
        (&["analyze", "x.mp4", "--format", "jso"], "json"),
        (&["analyze", "x.mp4", "--region", "1,2,3"], "x,y,w,h"),
        (&["analyze", "x.mp4", "--region", "1,2,0,3"], "more than 0"),
        (&["analyze", "x.mp4", "--fps", "0"], "frames per second"),
        (&["analyze", "x.mp4", "--decoder", "vlc"], "embedded"),
        (&["analyze", "x.mp4", "--quiet", "-v"], "--verbose"),
        (&["measure", "x.mp4", "--format", "xml"], "vcd"),
        (&["measure"], "<SOURCE>"),
    ] {
        let run = blinkdx(args);
        run.error(2, about);
        assert_eq!(run.stdout, "", "{args:?}");
    }
    assert_eq!(blinkdx::<&str>(&[]).status, 2);
}
