//! The arguments of the command line. It does not depend on the commands.

use crate::streams::LayoutArg;
use crate::target;
use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ColorChoice, Parser, Subcommand, ValueEnum};
use hydra::compat::Severity;
use hydra::reflect::Spelling;
use std::path::{Path, PathBuf};

/// Inspect, check, print, edit and convert Hydra files
#[derive(Parser)]
#[command(
    name = "hydra",
    version,
    max_term_width = 100,
    after_help = include_str!("../help/hydra.txt")
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Use colour: auto (off if NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto, hide_possible_values = true,
          display_order = 100)]
    pub(crate) color: ColorChoice,
    /// Print more details on stderr
    #[arg(short, long, global = true, display_order = 101)]
    pub(crate) verbose: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the tables, schemas, record counts and state of a file
    #[command(after_help = include_str!("../help/inspect.txt"))]
    Inspect(InspectArgs),
    /// Print the schema of a table as text, JSON, Rust source code or NumPy dtypes
    #[command(after_help = include_str!("../help/schema.txt"))]
    Schema(SchemaArgs),
    /// Print the records of a table as text, JSON, NDJSON, CSV, MessagePack or CBOR
    #[command(after_help = include_str!("../help/cat.txt"))]
    Cat(CatArgs),
    /// Print the last records of a table, and with -F new ones when they are committed
    #[command(after_help = include_str!("../help/tail.txt"))]
    Tail(TailArgs),
    /// Print one value of a file, or the same value of a range of records
    #[command(after_help = include_str!("../help/get.txt"))]
    Get(GetArgs),
    /// Change values in a file: all that are given, or none
    #[command(after_help = include_str!("../help/set.txt"))]
    Set(SetArgs),
    /// Show the bytes of a record, a block header or the file header with their meaning
    #[command(after_help = include_str!("../help/hex.txt"))]
    Hex(HexArgs),
    /// Show how many bytes each part of a file and each field of its records takes
    #[command(after_help = include_str!("../help/layout.txt"))]
    Layout(LayoutArgs),
    /// Verify every byte of a file; exit 4 if it is damaged
    #[command(after_help = include_str!("../help/check.txt"))]
    Check(CheckArgs),
    /// Copy the undamaged records of a file to a new file; exit 3 if any are lost
    #[command(after_help = include_str!("../help/recover.txt"))]
    Recover(RecoverArgs),
    /// Copy a file without the blocks and indexes that later edits replaced
    #[command(after_help = include_str!("../help/compact.txt"))]
    Compact(CompactArgs),
    /// Compare the schemas and records of two files; exit 4 if they differ
    #[command(after_help = include_str!("../help/diff.txt"))]
    Diff(DiffArgs),
    /// Compare two versions of a schema; exit 4 if one cannot read files of the other
    #[command(after_help = include_str!("../help/compat.txt"))]
    Compat(CompatArgs),
    /// Convert files between Hydra and CSV, NDJSON, JSON, MessagePack or CBOR
    #[command(after_help = include_str!("../help/convert.txt"))]
    Convert(ConvertArgs),
    /// Print a script that completes commands and options in a shell
    #[command(after_help = include_str!("../help/completions.txt"))]
    Completions(CompletionsArgs),
    /// Write the manual pages hydra.1 and one for each command into a directory
    #[command(after_help = include_str!("../help/man.txt"))]
    Man(ManArgs),
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// Hydra files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Verify every byte, as `hydra check` does; otherwise, records are not read
    #[arg(long)]
    pub(crate) deep: bool,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct SchemaArgs {
    /// A Hydra file; - is stdin
    pub(crate) file: PathBuf,
    /// Name of the table; required if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Output format
    #[arg(long = "as", value_enum, default_value_t = Language::Text, value_name = "FORM")]
    pub(crate) language: Language,
}

#[derive(Args)]
pub(crate) struct CatArgs {
    /// Hydra files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Largest number of records to print of each file [default: all]
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub(crate) count: Option<u64>,
    /// Number of records to skip at the start of each file
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) skip: u64,
    /// Print only this many records, the last of each file
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["skip", "count"])]
    pub(crate) tail: Option<u64>,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(RECORDS))]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
}

#[derive(Args)]
pub(crate) struct TailArgs {
    /// A Hydra file
    pub(crate) file: PathBuf,
    /// Number of records to print at first
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) count: u64,
    /// Wait for new records and print them when they are committed
    #[arg(short = 'F', long)]
    pub(crate) follow: bool,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(LINES))]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
}

#[derive(Args)]
pub(crate) struct GetArgs {
    /// A Hydra file; - is stdin
    pub(crate) file: PathBuf,
    /// Path of the value, [TABLE][RECORD].field; RECORD is an index from 0 such as 7, or -1 for the last, or
    /// a range: 10:20, 10: or :20
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    pub(crate) path: String,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(VALUES))]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

#[derive(Args)]
pub(crate) struct SetArgs {
    /// A Hydra file
    pub(crate) file: PathBuf,
    /// Path of a value and its new value: [TABLE][RECORD].field=value
    #[arg(required = true, value_name = "PATH=VALUE", allow_hyphen_values = true)]
    pub(crate) assignments: Vec<String>,
    /// Name of the table; required if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Print what would change, but do not change the file
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Change nothing and exit 4 if the present value is not OLD, as `hydra get` prints it; for several
    /// paths, repeat it in their order
    #[arg(long, value_name = "OLD", allow_hyphen_values = true)]
    pub(crate) expect: Vec<String>,
    /// Do not lock the file: for file systems without locks, while no other program writes to it
    #[arg(long)]
    pub(crate) no_lock: bool,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct HexArgs {
    /// A Hydra file; - is stdin
    pub(crate) file: PathBuf,
    /// Path of a value, [TABLE][RECORD].field, or a file offset in bytes, such as 8192 or 0x2000 [default:
    /// the file header]
    #[arg(value_name = "PATH|OFFSET", allow_hyphen_values = true)]
    pub(crate) place: Option<String>,
    /// Name of the table; required if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct LayoutArgs {
    /// A Hydra file; - is stdin
    pub(crate) file: PathBuf,
    /// Name of a table [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Hydra files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct RecoverArgs {
    /// A damaged Hydra file; - is stdin
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// New file; it must not exist
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Keep undamaged blocks after the last commit, too
    #[arg(long)]
    pub(crate) uncommitted: bool,
    /// If an edit is damaged, keep its records as they were before the edit
    #[arg(long)]
    pub(crate) older: bool,
    /// Write the report of kept and lost records to a file as JSON, too
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct CompactArgs {
    /// A Hydra file; - is stdin
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// New file; it must not exist
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Store all blocks as rows or as columns [default: as they are]
    #[arg(long)]
    pub(crate) layout: Option<LayoutArg>,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct DiffArgs {
    /// A Hydra file; - is stdin
    #[arg(value_name = "OLD")]
    pub(crate) left: PathBuf,
    /// The file to compare it with
    #[arg(value_name = "NEW")]
    pub(crate) right: PathBuf,
    /// Name of a table [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Field that identifies a record in both files [default: the index of the record]
    #[arg(long, value_name = "PATH")]
    pub(crate) key: Option<String>,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct CompatArgs {
    /// A Hydra file, or the output of `hydra schema --as json`; - is stdin
    pub(crate) old: PathBuf,
    /// The newer one, in either form
    pub(crate) new: PathBuf,
    /// Name of a table [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Lowest severity that makes the exit code 4
    #[arg(long, default_value = "break", value_name = "LEVEL", value_parser = severity())]
    pub(crate) deny: Severity,
    /// Output format
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct ConvertArgs {
    /// Files to read; - is stdin. Several files that are not Hydra files become one table
    #[arg(required = true, value_name = "IN")]
    pub(crate) inputs: Vec<PathBuf>,
    /// File to write; - is stdout
    #[arg(value_name = "OUT", value_parser = PathBufValueParser::new().map(target::stdout_or))]
    pub(crate) output: PathBuf,
    /// Format of IN [default: from its extension]
    #[arg(long, value_parser = among(FILES))]
    pub(crate) from: Option<Format>,
    /// Format of OUT [default: from its extension]
    #[arg(long, value_parser = among(FILES))]
    pub(crate) to: Option<Format>,
    /// Unquoted CSV cell that means null; can be repeated when CSV is read [default: the empty cell]
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) null: Vec<String>,
    /// Take the names and types of the fields from a table of a Hydra file, or from the output of `hydra
    /// schema --as json` [default: inferred from IN]
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Store records as rows or as columns, if OUT is a Hydra file; blocks that columns would not make smaller
    /// stay rows [default: rows]
    #[arg(long)]
    pub(crate) layout: Option<LayoutArg>,
    /// Replace OUT if it exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Do not lock the file: for file systems without locks, while no other program writes to it
    #[arg(long)]
    pub(crate) no_lock: bool,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
}

#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct ManArgs {
    /// Directory of the pages; it is created if it does not exist
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

/// Selects data of a Hydra file.
#[derive(Args)]
pub(crate) struct SelectArgs {
    /// Fields to print, separated by commas, such as id,pos.x,"unit price" [default: all]
    #[arg(long, value_name = "PATHS")]
    pub(crate) fields: Vec<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Selects a table and the spelling of its values.
#[derive(Args)]
pub(crate) struct SourceArgs {
    /// Name of the table; required if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Skip damaged blocks, and records with an enum variant that the newest schema lacks; exit 3 if any
    #[arg(long)]
    pub(crate) skip_damaged: bool,
    /// Write 64-bit integers in JSON as numbers, or as strings for JavaScript
    #[arg(long = "int64", action = ArgAction::Set, default_value = "number", value_name = "HOW",
          value_parser = either("number", "string"))]
    pub(crate) int64_strings: bool,
    /// Encoding of bytes in text, when printed and when read
    #[arg(long = "bytes", action = ArgAction::Set, default_value = "base64", value_name = "HOW",
          value_parser = either("base64", "hex"))]
    pub(crate) hex: bool,
}

impl SourceArgs {
    pub(crate) fn spelling(&self) -> Spelling {
        Spelling::default().int64_strings(self.int64_strings).hex(self.hex)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Text,
    Json,
    Rust,
    Numpy,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Ndjson,
    Csv,
    Msgpack,
    Cbor,
    Hydra,
}

/// The output formats of a result, of values, of records that are followed, of records, and the formats of
/// files.
const DOCUMENT: &[Format] = &[Format::Text, Format::Json];
const VALUES: &[Format] = &[Format::Text, Format::Json, Format::Ndjson];
const LINES: &[Format] = &[Format::Text, Format::Ndjson, Format::Csv];
const RECORDS: &[Format] =
    &[Format::Text, Format::Json, Format::Ndjson, Format::Csv, Format::Msgpack, Format::Cbor];
const FILES: &[Format] =
    &[Format::Hydra, Format::Csv, Format::Ndjson, Format::Json, Format::Msgpack, Format::Cbor];

fn severity() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(["break", "warning", "note"]).map(|name| match name.as_str() {
        "break" => Severity::Break,
        "warning" => Severity::Warning,
        _ => Severity::Note,
    })
}

/// Parses one of two words; true for the second.
fn either(no: &'static str, yes: &'static str) -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new([no, yes]).map(move |word| word == yes)
}

/// Parses the name of one of these formats.
fn among(formats: &[Format]) -> impl TypedValueParser<Value = Format> + use<> {
    let names = PossibleValuesParser::new(formats.iter().filter_map(Format::to_possible_value));
    names.try_map(|name| Format::from_str(&name, false))
}

impl Format {
    /// Returns the format that belongs to the extension of a file.
    pub(crate) fn of(path: &Path) -> Option<Format> {
        Some(match path.extension()?.to_string_lossy().to_lowercase().as_str() {
            "hydra" => Format::Hydra,
            "csv" => Format::Csv,
            "ndjson" | "jsonl" => Format::Ndjson,
            "json" => Format::Json,
            "msgpack" => Format::Msgpack,
            "cbor" => Format::Cbor,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Hydra => "Hydra",
            Format::Csv => "CSV",
            Format::Ndjson => "NDJSON",
            Format::Json => "JSON",
            Format::Msgpack => "MessagePack",
            Format::Cbor => "CBOR",
        }
    }

    /// Returns true for formats that are not text.
    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Format::Hydra | Format::Msgpack | Format::Cbor)
    }
}
