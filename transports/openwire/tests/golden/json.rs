//! Commands and bodies in the JSON form of the vectors' README.

use finewire_openwire::body::{Body, Properties, Value as Item};
use finewire_openwire::command::reflect::{FieldValue, Reflect};
use finewire_openwire::command::{Text, Throwable};
use serde_json::{Map, Value, json};

pub(crate) fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

/// The fields that a version has, in wire order.
pub(crate) fn fields(of: &dyn Reflect, version: i32, stack_trace: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    of.visit(version, &mut |name, value| {
        fields.insert(name.to_owned(), field(value, version, stack_trace));
    });
    fields
}

fn field(value: FieldValue<'_>, version: i32, stack_trace: bool) -> Value {
    let object = |object: Option<&dyn Reflect>| {
        object.map_or(Value::Null, |object| {
            let mut map = fields(object, version, stack_trace);
            map.insert("$type".to_owned(), object.type_name().into());
            map.into()
        })
    };
    match value {
        FieldValue::Boolean(value) => value.into(),
        FieldValue::Integer(value) => value.into(),
        FieldValue::Text(value) | FieldValue::Secret(value) => maybe_text(value),
        FieldValue::Sequence(value) => {
            value.map_or(Value::Null, |bytes| json!({ "$hex": hex(bytes) }))
        }
        FieldValue::Object(value) => object(value),
        FieldValue::Array(value) => {
            value.map_or(Value::Null, |value| value.into_iter().map(object).collect())
        }
        FieldValue::Throwable(value) => throwable(value, stack_trace),
    }
}

pub(crate) fn text(text: &Text) -> Value {
    let units = text.to_utf16();
    String::from_utf16(&units).map_or_else(
        |_| {
            let units: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            json!({ "$utf16": hex(&units) })
        },
        Value::String,
    )
}

fn maybe_text(value: Option<&Text>) -> Value {
    value.map_or(Value::Null, text)
}

fn throwable(value: Option<&Throwable>, stack_trace: bool) -> Value {
    let Some(value) = value else {
        return Value::Null;
    };
    let mut map = Map::new();
    map.insert("class".to_owned(), maybe_text(value.class.as_ref()));
    map.insert("message".to_owned(), maybe_text(value.message.as_ref()));
    if stack_trace {
        let stack = value.stack.iter().map(|element| {
            json!({
                "class": maybe_text(element.class.as_ref()),
                "method": maybe_text(element.method.as_ref()),
                "file": maybe_text(element.file.as_ref()),
                "line": element.line,
            })
        });
        map.insert("stack".to_owned(), stack.collect());
        map.insert(
            "cause".to_owned(),
            throwable(value.cause.as_deref(), stack_trace),
        );
    }
    map.into()
}

pub(crate) fn entries(map: &Properties) -> Value {
    map.iter()
        .map(|(name, value)| json!([text(name), item(value)]))
        .collect()
}

pub(crate) fn item(value: &Item) -> Value {
    match value {
        Item::Null => json!({ "t": "null" }),
        Item::Boolean(v) => json!({ "t": "boolean", "v": v }),
        Item::Byte(v) => json!({ "t": "byte", "v": v }),
        Item::Char(v) => json!({ "t": "char", "v": v }),
        Item::Short(v) => json!({ "t": "short", "v": v }),
        Item::Int(v) => json!({ "t": "int", "v": v }),
        Item::Long(v) => json!({ "t": "long", "v": v }),
        Item::Double(v) => json!({ "t": "double", "bits": hex(&v.to_be_bytes()) }),
        Item::Float(v) => json!({ "t": "float", "bits": hex(&v.to_be_bytes()) }),
        Item::Text(v) if v.utf16_len() >= 8191 => json!({ "t": "big_string", "v": text(v) }),
        Item::Text(v) => json!({ "t": "string", "v": text(v) }),
        Item::Bytes(v) => json!({ "t": "bytes", "hex": hex(v) }),
        Item::Map(v) => json!({ "t": "map", "v": entries(v) }),
        Item::List(v) => json!({ "t": "list", "v": v.iter().map(item).collect::<Vec<_>>() }),
    }
}

/// What the vectors say of a body, under the key that belongs to its kind.
pub(crate) fn body(body: &Body) -> Value {
    match body {
        Body::Empty => Value::Null,
        Body::Text(v) => text(v),
        Body::Bytes(v) | Body::Object(v) => hex(v).into(),
        Body::Map(v) => entries(v),
        Body::Stream(v) => v.iter().map(item).collect(),
        other => panic!("no JSON form of {other:?}"),
    }
}
