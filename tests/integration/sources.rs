//! The repository's sources as text and as tokens, for the tests that read them.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the Rust files below a directory, as paths from the root, with their text.
pub(crate) fn sources(below: &str) -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::from(below)]);
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(root().join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let path = directory.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.to_str().unwrap().replace('\\', "/"), read(&path)));
            }
        }
    }
    assert!(!found.is_empty(), "no source below {below}");
    found.sort();
    found
}

/// Returns the sources of one crate without tests: test files and test modules are left out.
pub(crate) fn code_of(name: &str) -> Vec<(String, String)> {
    let of_tests = ["/tests.rs", "/testing.rs", "_tests.rs"];
    let files = sources(&format!("{name}/src")).into_iter();
    let code = files.filter(|(path, _)| !of_tests.iter().any(|end| path.ends_with(end)));
    code.map(|(path, text)| (path, without_tests(&text).to_string())).collect()
}

/// The same of the three crates that are published.
pub(crate) fn all_sources() -> Vec<(String, String)> {
    ["hydra-format", "hydra-derive", "hydra-cli"].into_iter().flat_map(code_of).collect()
}

pub(crate) fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

/// The names in the dependency tables of a manifest.
pub(crate) fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in read(manifest).lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once('=')) {
            names.push(name.split('.').next().unwrap_or_default().trim().to_string());
        }
    }
    names
}

/// A line that is neither blank nor a comment.
pub(crate) fn is_code(line: &&str) -> bool {
    !line.trim().is_empty() && !line.trim_start().starts_with("//")
}

/// Fails once, with all complaints.
pub(crate) fn expect_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// A word, a lifetime, a string or character literal, `::`, or one character of punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// From 1.
    pub(crate) line: usize,
}

impl<'a> Token<'a> {
    /// The text of an identifier, without `r#`.
    pub(crate) fn word(&self) -> Option<&'a str> {
        let text = self.text.strip_prefix("r#").unwrap_or(self.text);
        text.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(text)
    }
}

/// The tokens of a source without its comments.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let (mut found, mut rest, mut line) = (Vec::new(), source, 1);
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest);
        let (text, after) = rest.split_at(length);
        if !first.is_whitespace() && !text.starts_with("//") && !text.starts_with("/*") {
            found.push(Token { text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    found
}

/// Returns the length in bytes of the first token, comment or white space of the text.
fn token_length(text: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let (prefix, after) = text.split_at(word);
    if let Some(hashes) = raw_string(prefix, after) {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = word + hashes + 1;
        return text[start..].find(&end).map_or(text.len(), |length| start + length + end.len());
    }
    match after.chars().next() {
        Some(quote @ ('"' | '\'')) if matches!(prefix, "" | "b" | "c") => {
            let lifetime = after[1..].find(|c| !is_word(c)).unwrap_or(after.len() - 1);
            let is_char = after[1..].starts_with('\\') || after.chars().nth(2) == Some('\'');
            let length = if quote == '\'' && !is_char { 1 + lifetime } else { quoted_length(after, quote) };
            word + length
        }
        Some('#') if prefix == "r" => 2 + after[1..].find(|c| !is_word(c)).unwrap_or(after.len() - 1),
        _ if word > 0 => word,
        _ if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
        _ if text.starts_with("/*") => block_comment_length(text),
        _ if text.starts_with("::") => 2,
        first => first.map_or(0, char::len_utf8),
    }
}

/// How many `#` open a raw string.
fn raw_string(prefix: &str, after: &str) -> Option<usize> {
    let hashes = after.find(|c| c != '#')?;
    (matches!(prefix, "r" | "br" | "cr") && after[hashes..].starts_with('"')).then_some(hashes)
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

fn block_comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        match () {
            _ if rest.starts_with("/*") => (depth, at) = (depth + 1, at + 2),
            _ if rest.starts_with("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += rest.chars().next().map_or(1, char::len_utf8),
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// A function with a body: its name, its first line, and its lines of code from `fn` to the closing brace.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

pub(crate) fn functions(source: &str) -> Vec<Function> {
    let tokens = tokens(source);
    let code: Vec<bool> = source.lines().map(|line| is_code(&line)).collect();
    let mut found = Vec::new();
    for (i, pair) in tokens.windows(2).enumerate() {
        let [start, name] = pair else { continue };
        let (true, Some(name)) = (start.text == "fn", name.word()) else { continue };
        if let Some(last) = end_of_item(&tokens, i).map(|end| tokens[end]).filter(|last| last.text == "}") {
            let lines = code[start.line - 1..last.line].iter().filter(|is_code| **is_code).count();
            found.push(Function { name: name.to_string(), line: start.line, lines });
        }
    }
    found
}

/// The position of the `}` or `;` with which the item that begins at `start` ends.
pub(crate) fn end_of_item(tokens: &[Token], start: usize) -> Option<usize> {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate().skip(start) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        match (depth, token.text) {
            (0, "}" | ";") => return Some(i),
            (..0, _) => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn comments_and_literals_are_told_from_code() {
    let source = r##"// unsafe
/* a /* nested */ comment */ let r#type = "a \" // b"; // c
let c = 'x'; let quote = '\''; fn f<'a>(_: &'a str) { b"s"; r#"raw " unsafe"#; a::b() }"##;
    let texts: Vec<&str> = tokens(source).iter().map(|token| token.text).collect();
    let expected = [
        "let",
        "r#type",
        "=",
        r#""a \" // b""#,
        ";",
        "let",
        "c",
        "=",
        "'x'",
        ";",
        "let",
        "quote",
        "=",
        r"'\''",
        ";",
        "fn",
        "f",
        "<",
        "'a",
        ">",
        "(",
        "_",
        ":",
        "&",
        "'a",
        "str",
        ")",
        "{",
        "b\"s\"",
        ";",
        "r#\"raw \" unsafe\"#",
        ";",
        "a",
        "::",
        "b",
        "(",
        ")",
        "}",
    ];
    assert_eq!(texts, expected);
    assert_eq!(tokens(source)[1].line, 2);
    assert_eq!(tokens(source).last().map(|token| token.line), Some(3));
}

#[test]
fn functions_are_measured_from_fn_to_the_closing_brace() {
    let source = "/// Doc.\nfn long(\n    a: [u8; 4],\n) {\n    // A comment.\n\n    inner(|| {});\n}\ntrait T {\n    fn none(&self);\n}\n";
    let found: Vec<_> = functions(source).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(found, [("long".to_string(), 2, 5)]);
}
