//! The laws of the command, held in one process: the corpus of `import` and `render` (`imports.rs`), and that whatever it writes,
//! it reads back (`oracle.rs`). The command is a program and no library, so its modules are taken in here.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "what `main` alone uses")]

#[path = "../hydra-cli/src/args.rs"]
mod args;
#[path = "../hydra-cli/src/columns.rs"]
mod columns;
#[path = "../hydra-cli/src/commands/mod.rs"]
mod commands;
#[path = "../hydra-cli/src/console.rs"]
mod console;
#[path = "../hydra-cli/src/export.rs"]
mod export;
#[path = "../hydra-cli/src/failure.rs"]
mod failure;
#[path = "../hydra-cli/src/import/mod.rs"]
mod import;
mod imports;
#[path = "../hydra-cli/src/interrupt.rs"]
mod interrupt;
mod made_up;
mod oracle;
#[path = "../hydra-cli/src/print.rs"]
mod print;
#[path = "../hydra-cli/src/progress.rs"]
mod progress;
#[path = "../hydra-cli/src/records.rs"]
mod records;
#[path = "../hydra-cli/src/recovery.rs"]
mod recovery;
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
