//! The JSON Schemas in `schemas/` are those of the types, and the files of the repository keep to them.
//!
//! `BLINKDX_WRITE_SCHEMAS=1 cargo test schemas` writes them anew after a type has changed.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use crate::check::{CheckReport, Entry, Manifest};
use crate::devices::DeviceFile;
use crate::episodes;
use crate::learn::LearnReport;
use crate::live::Event;
use crate::report::cameras::Cameras;
use crate::report::catalog::Catalog;
use crate::report::json::{ErrorReport, MeasureReport, Report};

/// A file of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn schema<T: JsonSchema>() -> Value {
    // As a file is read: fields with a default may be absent.
    let generator = SchemaSettings::draft2020_12().for_deserialize();
    let schema = generator.into_generator().into_root_schema_for::<T>();
    serde_json::to_value(schema).expect("a schema is JSON")
}

fn all() -> [(&'static str, Value); 12] {
    [
        ("device-file", schema::<DeviceFile>()),
        ("manifest", schema::<Manifest>()),
        ("expect", schema::<Entry>()),
        ("result", schema::<Report>()),
        ("error", schema::<ErrorReport>()),
        ("measure", schema::<MeasureReport>()),
        ("check", schema::<CheckReport>()),
        ("models", schema::<Catalog>()),
        ("watch-event", schema::<Event>()),
        ("event", schema::<episodes::Event>()),
        ("cameras", schema::<Cameras>()),
        ("learn", schema::<LearnReport>()),
    ]
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    for (name, schema) in all() {
        let file = path("schemas").join(format!("{name}.schema.json"));
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        if std::env::var_os("BLINKDX_WRITE_SCHEMAS").is_some() {
            fs::create_dir_all(path("schemas")).unwrap();
            fs::write(&file, text).unwrap();
            continue;
        }
        let committed = fs::read_to_string(&file)
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()))
            .replace("\r\n", "\n");
        assert!(
            committed == text,
            "{} is out of date: BLINKDX_WRITE_SCHEMAS=1 cargo test schemas",
            file.display()
        );
    }
}

/// What is wrong with `value` under the schema of `T`; `None` when nothing is.
fn fault<T: JsonSchema>(value: &Value) -> Option<String> {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    let name = "mem:///schema.json";
    compiler.add_resource(name, schema::<T>()).unwrap();
    let index = compiler.compile(name, &mut schemas).unwrap();
    let fault = schemas.validate(value, index).err();
    fault.map(|e| e.to_string())
}

#[track_caller]
fn check_files<T: JsonSchema>(folder: &str, ending: &str) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(path(folder)).unwrap() {
        let file = entry.unwrap().path();
        if file.to_string_lossy().ends_with(ending) {
            let value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            assert_eq!(fault::<T>(&value), None, "{}", file.display());
            count += 1;
        }
    }
    count
}

#[test]
fn files_of_the_repository_keep_to_the_schemas() {
    assert!(check_files::<DeviceFile>("src/devices/data", ".json") >= 5);
    assert!(check_files::<DeviceFile>("examples/devices", ".json") >= 2);
    for folder in ["clips", "devices", "known-wrong"] {
        assert!(check_files::<Entry>(&format!("fixtures/{folder}"), ".expect.json") > 0);
    }
    assert_eq!(check_files::<Manifest>("fixtures", "manifest.json"), 1);
}

#[test]
fn results_keep_to_the_schemas() {
    use crate::matcher::Verdict;
    use crate::report::json::tests::{measured, report};

    let states = [("low-battery", 0.9), ("powering-up", 0.05)];
    for verdict in [
        Verdict::Diagnosed,
        Verdict::Ambiguous,
        Verdict::UnknownPattern,
        Verdict::NoLight,
        Verdict::Insufficient,
    ] {
        assert_eq!(
            fault::<Report>(&serde_json::to_value(report(verdict, &states)).unwrap()),
            None
        );
    }
    assert_eq!(
        fault::<MeasureReport>(&serde_json::to_value(measured()).unwrap()),
        None
    );
    let devices: Vec<_> = crate::devices::Library::built_in()
        .devices()
        .iter()
        .collect();
    assert_eq!(
        fault::<Catalog>(&serde_json::to_value(Catalog::of(&devices)).unwrap()),
        None
    );
}

#[test]
fn events_and_cameras_keep_to_the_schemas() {
    use crate::live::{Happening, Trouble};

    let stalled = Happening::Trouble {
        kind: Trouble::Stalled,
        text: "no more pictures".to_owned(),
    };
    let light = Happening::Light {
        lit: vec![crate::pulses::Color::Red],
    };
    for what in [stalled, light] {
        let event = serde_json::to_value(Event::new(1.5, what)).unwrap();
        assert_eq!(fault::<Event>(&event), None, "{event}");
    }
    let cameras = Cameras::of(&crate::report::cameras::tests::sample());
    let cameras = serde_json::to_value(cameras).unwrap();
    assert_eq!(fault::<Cameras>(&cameras), None);
    let unknown = serde_json::json!({"schema": "blinkdx-watch/1", "at_s": 0, "event": "party"});
    assert!(fault::<Event>(&unknown).is_some());
}

#[test]
fn schemas_refuse_what_the_program_refuses() {
    for (text, what) in [
        (r#"{"schema": "blinkdx-manifest/1"}"#, "entries"),
        (
            r#"{"schema": "blinkdx-manifest/1", "entries": [{"clip": "a", "expect": {"stat": "offline"}}]}"#,
            "stat",
        ),
        (
            r#"{"schema": "blinkdx-manifest/1", "entries": [{"clip": "a", "expect": {"verdict": "sure"}}]}"#,
            "verdict",
        ),
    ] {
        let value: Value = serde_json::from_str(text).unwrap();
        let fault = fault::<Manifest>(&value).expect(text);
        assert!(fault.contains(what), "{fault}");
        assert!(serde_json::from_value::<Manifest>(value).is_err(), "{text}");
    }
}
