//! The rules of CONTRIBUTING.md that the compiler does not check.

use crate::sources::{
    Function, all_sources, code_of, dependencies, expect_none, functions, is_code, read, sources, tokens,
    without_tests,
};

/// The only directory whose files may contain unsafe code.
const UNSAFE_CODE: &str = "hydra-format/src/memory/";

/// The root of the library denies unsafe code and allows it again for that directory's module. The other
/// crates forbid it, which nothing in them can override.
#[test]
fn unsafe_code_is_in_one_directory() {
    for root in ["hydra-derive/src/lib.rs", "hydra-cli/src/main.rs"] {
        assert!(read(root).contains("\n#![forbid(unsafe_code)]\n"), "{root}");
    }
    let lib = "hydra-format/src/lib.rs";
    assert!(read(lib).contains("\n#![deny(unsafe_code)]\n"));
    let module = UNSAFE_CODE.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut complaints = Vec::new();
    for (path, text) in code_of("hydra-format").iter().filter(|(path, _)| !path.starts_with(UNSAFE_CODE)) {
        let tokens = tokens(text);
        for (i, token) in tokens.iter().enumerate() {
            let around =
                |length: usize| tokens[i.saturating_sub(2)..].iter().take(length).map(|token| token.text);
            let allowed = match token.text {
                "unsafe" => false,
                "unsafe_code" => {
                    around(1).all(|level| matches!(level, "deny" | "forbid"))
                        || path == lib && around(7).eq(["allow", "(", "unsafe_code", ")", "]", "mod", module])
                }
                _ => true,
            };
            if !allowed {
                complaints.push(format!("{path}:{}: {} outside of {UNSAFE_CODE}", token.line, token.text));
            }
        }
    }
    expect_none(complaints);
}

#[test]
fn every_unsafe_block_has_its_proof_and_its_test() {
    let all = ["hydra-format/src", "tests"].into_iter().flat_map(sources).map(|(_, text)| text);
    let all = all.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut complaints = Vec::new();
    for (path, text) in sources(UNSAFE_CODE) {
        let lines: Vec<&str> = without_tests(&text).lines().collect();
        for (i, line) in
            lines.iter().enumerate().filter(|(_, line)| line.contains("unsafe {") && !line.starts_with("///"))
        {
            let above = lines[..i].iter().rposition(|line| line.contains("SAFETY:")).unwrap_or(i);
            let proof = lines[above..i].join(" ");
            let comment = lines[above..i].iter().all(|line| line.trim_start().starts_with("//"));
            if above == i || !comment {
                complaints.push(format!("{path}:{}: {line}: no SAFETY right above", i + 1));
            }
            let is_test = |name| all.contains(&format!("#[test] fn {name}()"));
            if !proof.split('`').any(is_test) {
                complaints.push(format!("{path}:{}: no test that would catch a violation", i + 1));
            }
        }
    }
    expect_none(complaints);
}

#[test]
fn modules_say_what_they_are_for() {
    let files = all_sources().into_iter().filter(|(_, text)| !text.starts_with("//!"));
    expect_none(files.map(|(path, _)| format!("{path}: does not open with //!")).collect());
}

#[test]
fn nothing_is_left_open() {
    let mut complaints = Vec::new();
    for (path, text) in all_sources() {
        for word in ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "XXX"] {
            if text.contains(word) {
                complaints.push(format!("{path}: {word}"));
            }
        }
    }
    expect_none(complaints);
}

/// The maximum lines of code of each part, without blank lines, comments and tests. A part consists of files
/// and folders. Each file is in one part: that which names it, or else the innermost folder above it. Code that exceeds
/// a part's limit becomes a new part with its own limit; no limit is raised.
const LIMITS: &[(&str, &[&str], usize)] = &[
    ("lib", &["hydra-format/src/lib.rs"], 125),
    ("error", &["hydra-format/src/error.rs"], 335),
    ("schema", &["hydra-format/src/schema/"], 2_120),
    ("memory", &["hydra-format/src/memory/"], 935),
    ("store", &["hydra-format/src/store/"], 3_130),
    // The seam and rows. Another layout is a part of its own, outside of the core.
    ("layout", &["hydra-format/src/layout/mod.rs", "hydra-format/src/layout/rows/"], 2_690),
    ("columns", &["hydra-format/src/layout/columns/"], 2_700),
    (
        "encodings of columns",
        &["hydra-format/src/layout/columns/encoding/", "hydra-format/src/layout/columns/zstd.rs"],
        1_550,
    ),
    (
        "columns of tables",
        &[
            "hydra-format/src/layout/layouts.rs",
            "hydra-format/src/table/columns.rs",
            "hydra-format/src/table/writer/layout.rs",
            "hydra-format/src/schema/select.rs",
        ],
        470,
    ),
    ("derived", &["hydra-format/src/derived/"], 755),
    ("types", &["hydra-format/src/types/"], 1_400),
    ("reflect", &["hydra-format/src/reflect/"], 4_600),
    ("image", &["hydra-format/src/image/mod.rs", "hydra-format/src/image/view_mut.rs"], 285),
    ("kept image", &["hydra-format/src/image/kept.rs"], 95),
    ("buffers of kept images", &["hydra-format/src/memory/text_buf.rs"], 45),
    ("evolve", &["hydra-format/src/evolve/"], 1_725),
    ("table", &["hydra-format/src/table/"], 2_140),
    ("follow", &["hydra-format/src/follow.rs"], 80),
    ("parallel", &["hydra-format/src/parallel.rs"], 25),
    ("edit", &["hydra-format/src/edit/"], 225),
    ("publish", &["hydra-format/src/publish/"], 255),
    ("repair", &["hydra-format/src/repair/"], 1_400),
    ("compat", &["hydra-format/src/compat.rs"], 150),
    ("derive", &["hydra-derive/src/"], 2_005),
    ("commands", &["hydra-cli/src/commands/"], 2_095),
    ("import", &["hydra-cli/src/import/"], 2_195),
    ("render", &["hydra-cli/src/render/", "hydra-cli/src/text/"], 1_720),
    ("sections of a dump", &["hydra-cli/src/render/section.rs"], 80),
    ("columns in the command", &["hydra-cli/src/streams.rs", "hydra-cli/src/render/streams.rs"], 450),
    (
        "frame of the command",
        &[
            "hydra-cli/src/args.rs",
            "hydra-cli/src/columns.rs",
            "hydra-cli/src/console.rs",
            "hydra-cli/src/export.rs",
            "hydra-cli/src/failure.rs",
            "hydra-cli/src/interrupt.rs",
            "hydra-cli/src/main.rs",
            "hydra-cli/src/print.rs",
            "hydra-cli/src/progress.rs",
            "hydra-cli/src/records.rs",
            "hydra-cli/src/recovery.rs",
            "hydra-cli/src/schemas.rs",
            "hydra-cli/src/source.rs",
            "hydra-cli/src/target.rs",
        ],
        1_910,
    ),
];

/// The maximum lines of code of several parts together. The core is the part that a reader must understand. A
/// new feature has its own part and limit, and counts to none of these.
const SUMS: [(&str, &[&str], usize); 3] = [
    ("core", &["schema", "memory", "store", "layout", "table"], 10_000),
    (
        "format and derive",
        &[
            "lib", "error", "schema", "memory", "store", "layout", "derived", "types", "reflect", "image",
            "evolve", "table", "follow", "parallel", "edit", "publish", "repair", "compat", "derive",
        ],
        22_150,
    ),
    ("command", &["commands", "import", "render", "frame of the command"], 7_250),
];

const FILE_LIMIT: usize = 700;

#[test]
fn files_and_crates_stay_small() {
    let mut complaints = Vec::new();
    let mut counts = vec![0; LIMITS.len()];
    for (path, text) in all_sources() {
        let lines = text.lines().filter(is_code).count();
        if lines > FILE_LIMIT {
            complaints.push(format!("{path}: {lines} lines, the limit of a file is {FILE_LIMIT}"));
        }
        let holds = |name: &str| path == name || name.ends_with('/') && path.starts_with(name);
        let names = LIMITS
            .iter()
            .enumerate()
            .flat_map(|(part, (_, names, _))| names.iter().map(move |name| (part, name)));
        let holding: Vec<(usize, usize)> =
            names.filter(|(_, name)| holds(name)).map(|(part, name)| (name.len(), part)).collect();
        let longest = holding.iter().map(|(bytes, _)| *bytes).max();
        let parts: Vec<usize> =
            holding.iter().filter(|(bytes, _)| Some(*bytes) == longest).map(|(_, part)| *part).collect();
        match parts[..] {
            [part] => counts[part] += lines,
            _ => complaints.push(format!("{path}: in {} parts of LIMITS, not in one", parts.len())),
        }
    }
    let parts = LIMITS.iter().zip(&counts).map(|((name, _, limit), count)| (*name, *count, *limit));
    let sums = SUMS.iter().map(|(name, parts, limit)| {
        let of_part = |part: &&str| {
            let at = LIMITS.iter().position(|(name, ..)| name == part);
            counts[at.unwrap_or_else(|| panic!("{name}: no part {part}"))]
        };
        (*name, parts.iter().map(of_part).sum(), *limit)
    });
    for (name, count, limit) in parts.chain(sums) {
        println!("{name}: {count} lines of code, the limit is {limit}");
        if count > limit {
            complaints.push(format!("{name}: {count} lines, the limit is {limit}"));
        }
    }
    expect_none(complaints);
}

/// Lines of code from `fn` to the closing brace.
const FUNCTION_LIMIT: usize = 60;

#[test]
fn functions_stay_short() {
    let mut complaints = Vec::new();
    for (path, text) in all_sources() {
        for function in functions(&text).into_iter().filter(|function| function.lines > FUNCTION_LIMIT) {
            let Function { name, line, lines } = function;
            complaints
                .push(format!("{path}:{line}: {name} has {lines} lines, the limit is {FUNCTION_LIMIT}"));
        }
    }
    expect_none(complaints);
}

/// The fenced blocks of a language in a page.
fn fenced(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = page.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_string()).collect()
}

#[test]
fn the_readme_is_the_program_and_the_gate_runs_its_commands() {
    let readme = read("README.md");
    let program = read("hydra-format/examples/readme.rs");
    let code = program.split_once("\n\n").map(|(_, code)| code.to_string());
    assert_eq!(fenced(&readme, "rust").first(), code.as_ref(), "README.md and examples/readme.rs differ");
    let page = read("hydra-format/README.md");
    assert_eq!(fenced(&page, "rust").first(), code.as_ref(), "hydra-format/README.md has another program");
    let lines = code.iter().flat_map(|code| code.lines()).filter(|line| !line.is_empty()).count();
    assert!(lines <= 15, "{lines} lines");

    let commands = fenced(&readme, "sh");
    assert_eq!(commands.len(), 2);
    assert!(commands.iter().all(|command| command.lines().count() == 1 && command.starts_with("cargo ")));
    let gate = read(".ci/run");
    assert!(gate.contains("readme_command 1") && gate.contains("readme_command 2"));
}

#[test]
fn every_dependency_has_its_reason() {
    let design = read("docs/DESIGN.md");
    let table = design.split("## Dependencies").nth(1).unwrap_or_default();
    let mut complaints = Vec::new();
    for manifest in ["hydra-format", "hydra-derive", "hydra-cli", "tests", "tests/derive", "book"] {
        for name in dependencies(&format!("{manifest}/Cargo.toml")) {
            let named = |row: &str| {
                row.split('|').nth(1).is_some_and(|cell| {
                    cell.split(',').any(|word| word.split_whitespace().next() == Some(&name))
                })
            };
            if !name.starts_with("hydra-") && !table.lines().any(named) {
                complaints.push(format!("{manifest}: docs/DESIGN.md does not say why {name} is there"));
            }
        }
    }
    expect_none(complaints);
}

/// Links, which become files in an archive.
#[test]
fn each_crate_carries_the_licences_and_the_format() {
    for package in ["hydra-format", "hydra-derive", "hydra-cli"] {
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            assert!(read(format!("{package}/{licence}")) == read(licence), "{package}/{licence}");
        }
    }
    assert!(read("hydra-format/FORMAT.md") == read("docs/FORMAT.md"), "hydra-format/FORMAT.md");
}

/// What the lint `incompatible_msrv` does not see: `if let` guards need Rust 1.95. A guard follows a pattern.
#[test]
fn no_syntax_is_newer_than_the_rust_version() {
    assert!(read("Cargo.toml").contains("\nrust-version = \"1.91\"\n"));
    let mut complaints = Vec::new();
    for (path, text) in all_sources() {
        let tokens = tokens(&text);
        for three in tokens.windows(3).filter(|three| three[1].text == "if" && three[2].text == "let") {
            let before = three[0];
            let expression = ["else", "return", "break", "in", "move"].contains(&before.text);
            if !expression && (before.word().is_some() || matches!(before.text, ")" | "]")) {
                complaints.push(format!("{path}:{}: an `if let` guard", before.line));
            }
        }
    }
    expect_none(complaints);
}

#[test]
fn the_independent_reader_speaks_of_the_same_errors() {
    let page = read("python/reader/common.py");
    let codes = page.split("CODES = {").nth(1).and_then(|rest| rest.split('}').next()).unwrap();
    let known = read("hydra-format/src/error.rs");
    let quoted: Vec<&str> = codes.split('"').skip(1).step_by(2).collect();
    assert!(quoted.len() > 20);
    for pair in quoted.chunks(2) {
        let line = format!("\"{}\", \"{}\";", pair[0], pair[1]);
        assert!(known.contains(&line), "error.rs does not have {line}");
    }
}
