// The command is a program and not a library, so a target includes its modules.
#[path = "../hydra-cli/src/args.rs"]
mod args;
#[path = "../hydra-cli/src/columns.rs"]
mod columns;
#[path = "../hydra-cli/src/console.rs"]
mod console;
#[path = "../hydra-cli/src/failure.rs"]
mod failure;
#[path = "../hydra-cli/src/import/mod.rs"]
mod import;
#[path = "../tests/imports.rs"]
mod imports;
#[path = "../hydra-cli/src/interrupt.rs"]
mod interrupt;
#[path = "../hydra-cli/src/progress.rs"]
mod progress;
#[path = "../hydra-cli/src/render/mod.rs"]
mod render;
#[path = "../hydra-cli/src/schemas.rs"]
mod schemas;
#[path = "../hydra-cli/src/source.rs"]
mod source;
#[path = "../hydra-cli/src/streams.rs"]
mod streams;
#[path = "../hydra-cli/src/target.rs"]
mod target;
#[path = "../hydra-cli/src/text/mod.rs"]
mod text;
