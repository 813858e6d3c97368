//! From typed values to trees.

use std::collections::BTreeMap;

use serde::Serialize;

use super::*;
use crate::optional::Optional;
use crate::yaml::to_yaml;

#[derive(Serialize)]
struct Everything {
    number: u8,
    negative: i64,
    float: f64,
    text: &'static str,
    none: Option<u8>,
    some: Option<u8>,
    absent: Optional<u8>,
    list: Vec<u8>,
    pair: (u8, &'static str),
    map: BTreeMap<u16, bool>,
    unit: Shape,
    newtype: Shape,
    tuple: Shape,
    record: Shape,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Point,
    Circle(u8),
    Line(u8, u8),
    Square { size: u8 },
}

#[test]
fn every_kind_of_value_has_its_form() {
    let everything = Everything {
        number: 1,
        negative: -1,
        float: 2.0,
        text: "x",
        none: None,
        some: Some(2),
        absent: Optional::NONE,
        list: vec![1, 2],
        pair: (1, "a"),
        map: BTreeMap::from([(8080, true)]),
        unit: Shape::Point,
        newtype: Shape::Circle(1),
        tuple: Shape::Line(1, 2),
        record: Shape::Square { size: 3 },
    };
    let expected = "\
number: 1
negative: -1
float: 2.0
text: x
none: null
some: 2
list:
  - 1
  - 2
pair:
  - 1
  - a
map:
  \"8080\": true
unit: point
newtype:
  circle: 1
tuple:
  line:
    - 1
    - 2
record:
  square:
    size: 3
";
    assert_eq!(to_yaml(&to_node(&everything, Secrets::Redact).unwrap()), expected);
}

#[test]
fn keys_must_be_single_values() {
    let map = BTreeMap::from([(vec![1], 2)]);
    assert_eq!(to_node(&map, Secrets::Redact).unwrap_err().to_string(), "a key must be a single value");
}
