//! The declarations against the schema, which was taken from ActiveMQ's own marshallers.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::reflect::Reflect;
use super::{Command, Elements, Magic, Text, Throwable};
use crate::codec::{Cacheable, DecodeError, Flaw, Object, Reader};

/// A reader that gives nothing and notes what it is asked for.
struct Recorder {
    version: i32,
    asked: Vec<(&'static str, &'static str)>,
}

impl Recorder {
    fn ask(&mut self, kind: &'static str, of: &'static str) -> Result<(), DecodeError> {
        self.asked.push((kind, of));
        Ok(())
    }
}

impl Reader for Recorder {
    fn version(&self) -> i32 {
        self.version
    }

    fn boolean(&mut self, _: &mut bool) -> Result<(), DecodeError> {
        self.ask("boolean", "")
    }

    fn byte<T: From<i8>>(&mut self, _: &mut T) -> Result<(), DecodeError> {
        self.ask("byte", "")
    }

    fn int(&mut self, _: &mut i32) -> Result<(), DecodeError> {
        self.ask("int", "")
    }

    fn long(&mut self, _: &mut i64) -> Result<(), DecodeError> {
        self.ask("long", "")
    }

    fn text(&mut self, _: &mut Option<Text>) -> Result<(), DecodeError> {
        self.ask("string", "")
    }

    fn sequence(&mut self, _: &mut Option<Bytes>) -> Result<(), DecodeError> {
        self.ask("byte_sequence", "")
    }

    fn magic(&mut self, _: &mut Magic) -> Result<(), DecodeError> {
        self.ask("const_byte_array", "")
    }

    fn object<T: Object>(&mut self, _: &mut Option<T>) -> Result<(), DecodeError> {
        self.ask("object", T::EXPECTED)
    }

    fn cached<T: Cacheable>(&mut self, _: &mut Option<T>) -> Result<(), DecodeError> {
        self.ask("cached_object", T::EXPECTED)
    }

    fn array<T: Object>(&mut self, _: &mut Elements<T>) -> Result<(), DecodeError> {
        self.ask("object_array", T::EXPECTED)
    }

    fn throwable(&mut self, _: &mut Option<Box<Throwable>>) -> Result<(), DecodeError> {
        self.ask("throwable", "")
    }

    fn wrong_type(&self, expected: &'static str, code: u8) -> DecodeError {
        DecodeError::new(Flaw::RemoteWrongType { expected, code }, 0)
    }

    fn unknown_type(&self, code: u8) -> DecodeError {
        DecodeError::new(Flaw::RemoteUnknownType { code }, 0)
    }
}

fn schema() -> Option<Value> {
    let own = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/openwire/schema.json"
    );
    let path = std::env::var("FINEWIRE_OPENWIRE_VECTORS")
        .map_or_else(|_| own.to_owned(), |folder| format!("{folder}/schema.json"));
    let Ok(text) = std::fs::read(&path) else {
        assert_ne!(path, own, "the schema is missing");
        println!("skipped: {path} is missing");
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}

/// The fields of a type and of those it extends, in wire order.
fn fields<'a>(types: &BTreeMap<&str, &'a Value>, name: &str) -> Vec<&'a Value> {
    let declared = types[name];
    let mut all = match declared["super"].as_str() {
        Some(parent) => fields(types, parent),
        None => Vec::new(),
    };
    all.extend(declared["fields"].as_array().unwrap());
    all
}

/// What the schema calls the kinds and types that are one for us.
fn stated(field: &Value) -> (&str, &str) {
    let kind = match field["kind"].as_str().unwrap() {
        "byte_array" => "byte_sequence",
        kind => kind,
    };
    let of = match field["type"].as_str() {
        // The only structure that is a boolean expression.
        Some("BooleanExpression") => "NetworkBridgeFilter",
        of => of.unwrap_or_default(),
    };
    (kind, of)
}

#[test]
fn the_declarations_are_those_of_the_schema_in_every_version() {
    let Some(schema) = schema() else {
        return;
    };
    let types: BTreeMap<&str, &Value> = schema["types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|declared| (declared["name"].as_str().unwrap(), declared))
        .collect();
    let codes: BTreeMap<i64, &str> = types
        .iter()
        .filter_map(|(name, declared)| Some((declared["type_code"].as_i64()?, *name)))
        .collect();
    assert!(codes.len() > 50);
    for version in 1..=12 {
        let has = |declared: &Value| {
            declared["since"].as_i64().unwrap() <= version.into()
                && declared["until"]
                    .as_i64()
                    .is_none_or(|until| until >= version.into())
        };
        for code in 1..=u8::MAX {
            let mut recorder = Recorder {
                version,
                asked: Vec::new(),
            };
            let read = Command::read(&mut recorder, code);
            // Some types are younger than version 1, which shows in all of their own fields.
            let name = codes.get(&code.into()).copied().filter(|name| {
                let own = types[name]["fields"].as_array().unwrap();
                has(types[name]) && (own.is_empty() || own.iter().any(has))
            });
            let Some(name) = name else {
                assert!(read.is_err(), "version {version} has no type {code}");
                continue;
            };
            let command = read.unwrap_or_else(|error| panic!("{name} v{version}: {error}"));
            assert_eq!(command.type_name(), name);
            assert_eq!(command.type_code(), code);
            let all = fields(&types, name);
            let expected: Vec<&Value> = all.into_iter().filter(|field| has(field)).collect();
            let mut names = Vec::new();
            command.visit(version, &mut |name, _| names.push(name));
            let expected_names: Vec<_> = expected.iter().map(|field| &field["name"]).collect();
            assert_eq!(names, expected_names, "{name} v{version}");
            let kinds: Vec<_> = expected.into_iter().map(stated).collect();
            assert_eq!(recorder.asked, kinds, "{name} v{version}");
        }
    }
}
