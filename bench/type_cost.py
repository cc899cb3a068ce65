"""Measures build times and program sizes with Hydra and with rkyv: a clean release build of a program with one type, and
the additional time and size for each further struct and enum.

    python3 bench/type_cost.py [PAIRS]

Prints the processor time (user and system, in seconds) of `cargo build --release`, for all crates in the clean build and
for the program alone for the types, and the size of the program without symbols in bytes. Each type is encoded, viewed in
place and decoded once.
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

STRUCT = """
#[derive({derive}, PartialEq, Debug)]
pub struct Record{i} {{
    pub id: u64,
    pub ratio: f64,
    pub name: String,
    pub limit: Option<u32>,
    pub samples: Vec<f32>,
    pub tags: Vec<String>,
    pub state: State{i},
}}

#[derive({derive}, PartialEq, Debug)]
pub enum State{i} {{
    Idle,
    Moving {{ from: u32, to: u32 }},
    Failed(String),
}}

impl Record{i} {{
    fn make() -> Record{i} {{
        let state = State{i}::Failed("{i}".into());
        Record{i} {{ id: {i}, ratio: 0.5, name: "x".into(), limit: None, samples: vec![1.0], tags: vec![], state }}
    }}
}}
"""

HYDRA = """
fn use_{i}() -> usize {{
    let bytes = hydra::to_bytes(&Record{i}::make()).unwrap();
    let view = hydra::view::<Record{i}>(&bytes).unwrap();
    let count = view.name().len() + view.tags().len();
    count + usize::from(hydra::from_bytes::<Record{i}>(&bytes).unwrap() == Record{i}::make())
}}
"""

RKYV = """
fn use_{i}() -> usize {{
    let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(&Record{i}::make()).unwrap();
    let view = rkyv::access::<ArchivedRecord{i}, rkyv::rancor::Error>(&bytes).unwrap();
    let count = view.name.len() + view.tags.len();
    count + usize::from(rkyv::from_bytes::<Record{i}, rkyv::rancor::Error>(&bytes).unwrap() == Record{i}::make())
}}
"""

LIBRARIES = {
    "Hydra": ("hydra::Hydra", HYDRA, f'hydra-format = {{ path = "{ROOT / "hydra-format"}" }}'),
    "rkyv": ("rkyv::Archive, rkyv::Serialize, rkyv::Deserialize", RKYV, 'rkyv = "0.8"'),
}


def package(folder, name, pairs):
    """Makes a program with this number of structs and enums."""
    derive, use, dependency = LIBRARIES[name]
    types = "".join((STRUCT + use).format(i=i, derive=derive) for i in range(pairs))
    calls = " + ".join(f"use_{i}()" for i in range(pairs))
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/main.rs").write_text(f'{types}\nfn main() {{\n    println!("{{}}", {calls});\n}}\n')
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "types"\nversion = "0.1.0"\nedition = "2024"\n\n[dependencies]\n{dependency}\n\n'
        "[profile.release]\nstrip = true\n\n[workspace]\n"
    )


def build(folder):
    """Returns the processor seconds of the build, and the size of the program in bytes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, CARGO_TARGET_DIR=str(folder / "target"))
    subprocess.run(["cargo", "build", "-q", "--release"], cwd=folder, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, (folder / "target/release/types").stat().st_size


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"| | clean build, s | {pairs} structs and enums more, s | bytes a struct and enum |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        for name in LIBRARIES:
            folder = pathlib.Path(scratch) / name
            package(folder, name, 1)
            clean, small = build(folder)
            (folder / "src/main.rs").touch()
            one, _ = build(folder)
            package(folder, name, 1 + pairs)
            many, large = build(folder)
            print(f"| {name} | {clean:.1f} | {many - one:.1f} | {(large - small) / pairs:.0f} |")


main()
