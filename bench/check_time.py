"""Measures the compile time of derives on sixty structs of ten fields: Hydra, serde (both), facet and bevy_reflect.

    python3 bench/check_time.py [ROUNDS]

Prints the median processor time (user and system, in seconds) of `cargo check` for the last crate alone, without
incremental compilation, and the size of the expanded source of a struct in bytes.
"""

import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TYPES = ["u64", "f64", "String", "Option<u32>", "Vec<f32>", "bool", "[u8; 16]", "i32", "Vec<String>", "(u16, u16)"]
STRUCTS = 60
DERIVES = {
    "hydra": ("hydra::Hydra", f'hydra-format = {{ path = "{ROOT / "hydra-format"}" }}'),
    "serde": ("serde::Serialize, serde::Deserialize", 'serde = { version = "1", features = ["derive"] }'),
    "facet": ("facet::Facet", 'facet = "=0.50.0-rc.7"'),
    "bevy_reflect": ("bevy_reflect::Reflect", 'bevy_reflect = "0.20"'),
}


def package(folder, name, derive, dependency):
    """Makes a crate of sixty structs."""
    fields = "".join(f"    pub field_{i}: {ty},\n" for i, ty in enumerate(TYPES))
    structs = "".join(f"#[derive({derive})]\npub struct Record{i} {{\n{fields}}}\n" for i in range(STRUCTS))
    (folder / "src").mkdir(parents=True)
    (folder / "src/lib.rs").write_text(structs)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "check-{name}"\nversion = "0.1.0"\nedition = "2024"\n\n[dependencies]\n{dependency}\n\n[workspace]\n'
    )


def check(folder):
    """Returns the processor seconds of checking the crate itself."""
    (folder / "src/lib.rs").touch()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, CARGO_INCREMENTAL="0")
    subprocess.run(["cargo", "check", "-q"], cwd=folder, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def emitted(folder):
    """Returns the size of the source that a derive writes for a struct, in bytes."""
    environment = dict(os.environ, RUSTC_BOOTSTRAP="1")
    command = ["cargo", "rustc", "-q", "--profile", "check", "--", "-Zunpretty=expanded"]
    expanded = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True).stdout
    return (len(expanded) - (folder / "src/lib.rs").stat().st_size) / STRUCTS


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: pathlib.Path(scratch) / name for name in DERIVES}
        for name, (derive, dependency) in DERIVES.items():
            package(folders[name], name, derive, dependency)
            check(folders[name])
        seconds = {name: [] for name in DERIVES}
        for _ in range(rounds):
            for name, folder in folders.items():
                seconds[name].append(check(folder))
        sizes = {name: emitted(folder) for name, folder in folders.items()}
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print("| derive | check | against serde | emitted a struct |\n| --- | --- | --- | --- |")
    for name, median in medians.items():
        print(f"| {name} | {median:.2f} s | {median / medians['serde']:.2f} | {sizes[name] / 1000:.1f} KB |")


main()
