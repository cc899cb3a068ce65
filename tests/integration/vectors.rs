//! The test vectors of FORMAT.md, section 15, checked against the library. The independent reader checks them
//! too.

use hydra::schema::{Arg, Constant, Form, Style, TypeRef};
use hydra::{Descriptor, Kind, Schema, testing};
use hydra_tests::columns::{Columns, Stream};
use hydra_tests::craft::Craft;
use hydra_tests::memory::File;
use std::collections::{BTreeSet, HashMap};
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

/// The types of the vectors of columns, by their spelling.
fn column_types() -> HashMap<String, Schema> {
    let scalar = Descriptor::scalar;
    let types = [
        vec![scalar(Kind::U8)],
        vec![scalar(Kind::U16)],
        vec![scalar(Kind::U32)],
        vec![scalar(Kind::Bool)],
        vec![scalar(Kind::F64)],
        vec![scalar(Kind::String)],
        vec![Descriptor::option(at(1)), scalar(Kind::U8)],
        vec![Descriptor::option(at(1)), scalar(Kind::String)],
        vec![
            Descriptor::enumeration(
                "E",
                Kind::I8,
                vec![
                    ("A".to_string(), -1, Style::Tuple, vec![field("0", 1)]),
                    ("B".to_string(), 2, Style::Tuple, vec![field("0", 2), field("1", 2)]),
                ],
            ),
            scalar(Kind::U8),
            scalar(Kind::Bool),
        ],
        vec![
            Descriptor::tuple(vec![at(1), at(2)]),
            Descriptor::list(at(3)),
            Descriptor::list(at(4)),
            scalar(Kind::U8),
            scalar(Kind::U32),
        ],
    ];
    let schemas = types.into_iter().map(|types| Schema::new(types).expect("a schema"));
    schemas.map(|schema| (schema.name(), schema)).collect()
}

fn bytes(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().filter(|digit| !matches!(digit, ' ' | '`')).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("a byte"))
        .collect()
}

fn numbers(cell: &str) -> Vec<u32> {
    cell.split(", ").map(|number| number.parse().expect("a number")).collect()
}

/// A file with one block of columns.
fn file(schema: &Schema, count: u64, columns: &Columns) -> Vec<u8> {
    let mut craft = Craft::default();
    craft.schema(1, "T", schema.core(), schema.notes());
    let data = craft.columns((1, 0, count as u32, schema.root().size() as u32), columns);
    let lines = (craft.bytes.len() as u64 - data) as u32 / 64;
    craft.close(&[(1, 0, "T", schema)], &[vec![(data, 0, count, [lines, 1, 0, 1])]]);
    craft.finish()
}

/// The records of a sound file as JSON.
fn records(bytes: &[u8]) -> hydra::Result<Vec<serde_json::Value>> {
    let file = File::of(bytes);
    testing::check(&file, &mut |finding| panic!("a check finds {finding}"))?;
    let table = testing::open(file.boxed(), Path::new("file"))?.dynamic_table("T")?;
    let mut found = Vec::new();
    for block in table.blocks() {
        found.extend(block?.values().map(|value| serde_json::to_value(value).expect("JSON")));
    }
    Ok(found)
}

#[test]
fn columns_of_the_document_are_read() -> hydra::Result<()> {
    let section = section();
    let (_, table) = section.split_once("\n| columns of |").expect("the vectors of columns");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let (types, mut seen) = (column_types(), BTreeSet::new());
    for block in rows.chunk_by(|_, row| row[0].is_empty()) {
        let (spelling, shown) = (block[0][0].trim_matches('`'), block[0][1].trim_matches('`'));
        let streams = block.iter().map(|row| {
            let entry = numbers(row[3]);
            seen.insert(entry[0]);
            Stream {
                head: [entry[0] as u8, entry[1] as u8, entry[2] as u8],
                plain: entry[3],
                slots: [entry[4], entry[5]],
                bytes: bytes(row[4]),
                ..Stream::default()
            }
        });
        let streams = streams.collect();
        let sizes = numbers(block[0][2]);
        let columns = Columns { heap: sizes[0], text: sizes[1], streams };
        let expected: Vec<serde_json::Value> = serde_json::from_str(shown).expect("JSON");
        let file = file(&types[spelling], expected.len() as u64, &columns);
        assert_eq!(records(&file)?, expected, "{spelling} {shown}");
    }
    assert_eq!(seen, (0..7).collect(), "all encodings");
    Ok(())
}

#[test]
fn the_whole_payload_of_columns_is_that_of_the_document() -> hydra::Result<()> {
    let format =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FORMAT.md")).unwrap();
    let (_, shown) = format.split_once("\nThe whole payload of a block").expect("the payload");
    let shown = shown.split_once("\n    ").expect("its bytes").1.split("\n\n").next().unwrap();
    let mut expected = Vec::new();
    for line in shown.lines() {
        let (place, rest) = line.trim().split_once("  ").expect("a place");
        expected.resize(usize::from_str_radix(place, 16).expect("a place"), 0);
        expected.extend(bytes(rest.split("  ").next().unwrap()));
    }
    let streams = vec![Stream::plain(3, &[5]), Stream { slots: [3, 1], ..Stream::plain(3, &[5, 0, 7]) }];
    let columns = Columns { heap: 0, text: 0, streams };
    let (payload, directory) = columns.payload();
    assert_eq!(hex(&payload), hex(&expected));
    assert!(format.contains(&format!("`{directory:#010x}`, the CRC of the directory")));
    assert!(format.contains(&format!("`{:#010x}`, that of the payload", crc32fast::hash(&payload))));
    let file = file(&column_types()["option<u8>"], 3, &columns);
    assert_eq!(records(&file)?, [serde_json::json!(5), serde_json::Value::Null, serde_json::json!(7)]);
    Ok(())
}
