//! Text made to take long, for `hydra convert`.

use crate::Make;

/// By name: the extension, and how it is made.
pub(crate) const KINDS: &[(&str, &str, Make)] = &[
    ("columns of a row", "csv", |bytes| {
        b"a,b\n".iter().chain(b"1,".repeat(bytes / 2).iter()).copied().collect()
    }),
    ("rows of 4,096 columns", "csv", |bytes| {
        let row = |cell: &dyn Fn(usize) -> String| (0..4096).map(cell).collect::<Vec<_>>().join(",") + "\n";
        let mut text = row(&|at| format!("c{at}"));
        while text.len() < bytes {
            let line = text.len();
            text += &row(&|at| if (at + line) % 7 == 0 { "x".into() } else { (at % 10).to_string() });
        }
        text.into_bytes()
    }),
    ("rows of one byte", "csv", |bytes| {
        b"a\n".iter().chain(b"1\n".repeat(bytes / 2).iter()).copied().collect()
    }),
    ("a long cell", "csv", |bytes| [b"a\n", &b"x".repeat(bytes)[..]].concat()),
    ("a long number", "csv", |bytes| [b"a\n", &b"7".repeat(bytes)[..]].concat()),
    ("a quote that does not end", "csv", |bytes| [b"a,b\n\"", &b"x,\n".repeat(bytes / 3)[..]].concat()),
    ("a cell of quotes", "csv", |bytes| [b"a\n\"", &b"\"\"".repeat(bytes / 2)[..], b"\"\n"].concat()),
    ("ever new keys", "ndjson", |bytes| lines(bytes, &|at| format!("{{\"k{at}\":{at}}}"))),
    ("the same few keys, mixed", "ndjson", |bytes| {
        lines(bytes, &|at| {
            format!("{{\"a{}\":1,\"b{}\":\"x\",\"c{}\":null}}", at * 7 % 13, at * 3 % 17, at % 19)
        })
    }),
    ("keys of one object", "ndjson", |bytes| {
        let pairs = lines(bytes, &|at| format!("\"k{at}\":1,"));
        [b"{", &pairs[..], b"\"z\":1}\n"].concat().into_iter().map(|byte| byte.max(b' ')).collect()
    }),
    ("types that hardly agree", "ndjson", |bytes| {
        let kinds = ["1", "null", "-7", "1.5", "2e10"];
        lines(bytes, &|at| match at % 7 {
            0 => "{\"b\":{\"c\":[1,null]}}".into(),
            1 => "{\"b\":{\"c\":null,\"d\":\"\"}}".into(),
            _ => format!("{{\"a\":{},\"b\":null}}", kinds[at % 5]),
        })
    }),
    ("brackets", "ndjson", |bytes| b"[".repeat(bytes)),
    ("a long list", "ndjson", |bytes| [b"{\"a\":[1", &b",1".repeat(bytes / 2)[..], b"]}\n"].concat()),
    ("a list of objects", "json", |bytes| {
        [b"[{\"a\":1}", &b",{\"b\":2}".repeat(bytes / 8)[..], b"]"].concat()
    }),
    ("escapes", "ndjson", |bytes| [b"{\"a\":\"", &b"\\u00e9\\n".repeat(bytes / 8)[..], b"\"}\n"].concat()),
];

/// Lines, until there are enough bytes.
fn lines(bytes: usize, line: &dyn Fn(usize) -> String) -> Vec<u8> {
    let mut text = String::new();
    for at in 0.. {
        if text.len() >= bytes {
            break;
        }
        text += &line(at);
        text.push('\n');
    }
    text.into_bytes()
}
