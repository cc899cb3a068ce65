//! The test vectors of FORMAT.md, section 15, checked against the library. The independent reader checks them
//! too.

use hydra::schema::{Arg, Constant, Form, Style, TypeRef};
use hydra::{Descriptor, Kind, Schema};
use std::collections::HashMap;
use std::path::Path;

fn section() -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FORMAT.md"));
    let text = text.expect("docs/FORMAT.md");
    text.split("\n## 15 ").nth(1).expect("section 15").to_string()
}

/// The vectors by name: lines of `name: word` and the hexadecimal digits below a name.
fn vectors() -> HashMap<String, Vec<(String, String)>> {
    let (mut found, mut name) = (HashMap::<String, Vec<(String, String)>>::new(), String::new());
    for line in section().lines() {
        if let Some(fact) = line.strip_prefix("      ") {
            let (word, digits) = fact.split_once(' ').unwrap_or((fact, ""));
            let digits = digits.split_whitespace().collect();
            match found.get_mut(&name) {
                Some(facts) if !word.is_empty() => facts.push((word.to_string(), digits)),
                Some(facts) => facts.last_mut().expect("a fact").1.push_str(&digits),
                None => panic!("a fact of nothing: {line}"),
            }
        } else if let Some(line) = line.strip_prefix("    ") {
            name = line.to_string();
            found.insert(name.clone(), Vec::new());
        }
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn at(index: u32) -> TypeRef {
    TypeRef::Index(index)
}

fn field(name: &str, index: u32) -> (String, TypeRef) {
    (name.to_string(), at(index))
}

fn constant(kind: Kind, value: i128) -> Arg {
    Arg::Const(Constant::new(kind, value).expect("a constant"))
}

fn shape() -> Vec<Descriptor> {
    let variants = vec![
        ("Circle".to_string(), 0, Style::Struct, vec![field("r", 1)]),
        ("Poly".to_string(), 1, Style::Tuple, vec![field("0", 2)]),
        ("Group".to_string(), 2, Style::Tuple, vec![field("0", 3)]),
        ("Empty".to_string(), 7, Style::Unit, vec![]),
    ];
    let root = Descriptor::enumeration("Shape", Kind::U8, variants);
    vec![root, Descriptor::scalar(Kind::F64), Descriptor::list(at(1)), Descriptor::boxed(at(0))]
}

fn schemas() -> Vec<Vec<Descriptor>> {
    let scalar = Descriptor::scalar;
    vec![
        vec![scalar(Kind::U8)],
        vec![Descriptor::nonzero(Kind::U32)],
        vec![Descriptor::formed(Kind::I128, Form::Timestamp { exponent: -9 })],
        vec![Descriptor::formed(Kind::I128, Form::Duration { exponent: -9 })],
        vec![Descriptor::formed(Kind::I32, Form::Date)],
        vec![Descriptor::uuid(at(1)), scalar(Kind::U8)],
        vec![Descriptor::formed(Kind::I128, Form::Decimal { exponent: -2 })],
        vec![scalar(Kind::Opaque)],
        vec![Descriptor::option(at(1)), scalar(Kind::U64)],
        vec![Descriptor::tuple(vec![at(1), at(2)]), scalar(Kind::U8), scalar(Kind::String)],
        vec![Descriptor::map(at(1), at(2)), scalar(Kind::String), scalar(Kind::Bytes)],
        vec![
            Descriptor::structure("Pair", vec![field("first", 1), field("second", 2)])
                .with_args(vec![Arg::Type(at(1)), Arg::Type(at(2))]),
            scalar(Kind::U64),
            scalar(Kind::String),
        ],
        vec![
            Descriptor::structure("Grid", vec![field("cells", 2)]).with_args(vec![
                Arg::Type(at(1)),
                constant(Kind::U64, 4),
                constant(Kind::Bool, 1),
                constant(Kind::Char, u32::from('ß').into()),
                constant(Kind::I8, -2),
            ]),
            scalar(Kind::U8),
            Descriptor::array(at(1), 4),
        ],
        vec![
            Descriptor::structure("Node", vec![field("value", 1), field("next", 2)]),
            scalar(Kind::I32),
            Descriptor::option(at(3)),
            Descriptor::boxed(at(0)),
        ],
        shape(),
    ]
}

#[test]
fn schemas_have_the_cores_and_fingerprints_of_the_document() {
    let vectors = vectors();
    for types in schemas() {
        let schema = Schema::new(types).expect("a schema");
        let facts = [
            ("core".to_string(), hex(schema.core())),
            ("schema".to_string(), format!("{:016x}", schema.fingerprint())),
            ("layout".to_string(), format!("{:016x}", schema.layout_fingerprint())),
        ];
        if std::env::var_os("HYDRA_PRINT_EXAMPLE").is_some() {
            println!("    {}", schema.name());
            facts.iter().for_each(|(word, digits)| println!("      {word} {digits}"));
        }
        assert_eq!(vectors.get(&schema.name()).map(Vec::as_slice), Some(&facts[..]), "{}", schema.name());
    }
    assert_eq!(vectors.len(), schemas().len() + 1, "as many as the document has, and the image");
}

#[test]
fn a_value_image_has_the_bytes_of_the_document() -> hydra::Result<()> {
    let value = (7u8, vec!["a".to_string(), "bc".to_string()]);
    let image = hydra::to_bytes(&value)?;
    let vectors = vectors();
    let facts = vectors.get("(7, [\"a\", \"bc\"]) as (u8,list<string>)").expect("the image");
    let shown: String = facts.iter().map(|(_, digits)| digits.as_str()).collect();
    assert_eq!(hex(&image), shown);
    assert_eq!(hydra::from_bytes::<(u8, Vec<String>)>(&image)?, value);
    Ok(())
}
