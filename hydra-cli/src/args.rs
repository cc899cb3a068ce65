//! What can be said on the command line. It knows nothing about what the commands do.

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
    /// When to use colour; NO_COLOR is respected
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto, hide_possible_values = true,
          display_order = 100)]
    pub(crate) color: ColorChoice,
    /// Say more on stderr
    #[arg(short, long, global = true, display_order = 101)]
    pub(crate) verbose: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show a file's tables, schema, counts and health, without reading all of it
    #[command(after_help = include_str!("../help/inspect.txt"))]
    Inspect(InspectArgs),
    /// Show the schema of a table, also as Rust source or for NumPy
    #[command(after_help = include_str!("../help/schema.txt"))]
    Schema(SchemaArgs),
    /// Print records
    #[command(after_help = include_str!("../help/cat.txt"))]
    Cat(CatArgs),
    /// Print the last records, and with -F those that are still to come
    #[command(after_help = include_str!("../help/tail.txt"))]
    Tail(TailArgs),
    /// Print one value, or a slice
    #[command(after_help = include_str!("../help/get.txt"))]
    Get(GetArgs),
    /// Change values, all of them or none
    #[command(after_help = include_str!("../help/set.txt"))]
    Set(SetArgs),
    /// Show bytes with their meaning: of a record, a block header, the file's header
    #[command(after_help = include_str!("../help/hex.txt"))]
    Hex(HexArgs),
    /// Show where the bytes go: of the file by region, of records by field
    #[command(after_help = include_str!("../help/layout.txt"))]
    Layout(LayoutArgs),
    /// Verify everything: checksums, structure, text, order; exit 4 if a file is damaged
    #[command(after_help = include_str!("../help/check.txt"))]
    Check(CheckArgs),
    /// Save what is whole in a damaged file into a new one; exit 3 if anything is lost
    #[command(after_help = include_str!("../help/recover.txt"))]
    Recover(RecoverArgs),
    /// Rewrite a file without what edits and old indexes left behind
    #[command(after_help = include_str!("../help/compact.txt"))]
    Compact(CompactArgs),
    /// Compare two files: schemas, then records by index or by a key; exit 4 if they differ
    #[command(after_help = include_str!("../help/diff.txt"))]
    Diff(DiffArgs),
    /// Tell what breaks between two generations of types, and for whom; exit 4 if any
    #[command(after_help = include_str!("../help/compat.txt"))]
    Compat(CompatArgs),
    /// Convert CSV, NDJSON, JSON, MessagePack or CBOR to Hydra, and Hydra to any of them
    #[command(after_help = include_str!("../help/convert.txt"))]
    Convert(ConvertArgs),
    /// Print the completions of a shell
    #[command(after_help = include_str!("../help/completions.txt"))]
    Completions(CompletionsArgs),
    /// Write manual pages: hydra.1, and one for each command
    #[command(after_help = include_str!("../help/man.txt"))]
    Man(ManArgs),
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// Hydra files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Verify every byte, as `hydra check` does
    #[arg(long)]
    pub(crate) deep: bool,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct SchemaArgs {
    /// A Hydra file; - is stdin
    pub(crate) file: PathBuf,
    /// The table, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// How to print
    #[arg(long = "as", value_enum, default_value_t = Language::Text, value_name = "FORM")]
    pub(crate) language: Language,
}

#[derive(Args)]
pub(crate) struct CatArgs {
    /// Hydra files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// At most this many records of each file
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub(crate) count: Option<u64>,
    /// Leave out this many records at the start
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true)]
    pub(crate) skip: u64,
    /// Only the last records
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["skip", "count"])]
    pub(crate) tail: Option<u64>,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(RECORDS))]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
}

#[derive(Args)]
pub(crate) struct TailArgs {
    /// A Hydra file
    pub(crate) file: PathBuf,
    /// How many records to start with
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) count: u64,
    /// Wait for new records, and print them when they are committed
    #[arg(short = 'F', long)]
    pub(crate) follow: bool,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(LINES))]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
}

#[derive(Args)]
pub(crate) struct GetArgs {
    /// A Hydra file; - is stdin
    pub(crate) file: PathBuf,
    /// [TABLE][RECORD].field; a record is 7, -1, 10:20, 10: or :20
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    pub(crate) path: String,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(VALUES))]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

#[derive(Args)]
pub(crate) struct SetArgs {
    /// A Hydra file
    pub(crate) file: PathBuf,
    /// [TABLE][RECORD].field=value
    #[arg(required = true, value_name = "PATH=VALUE", allow_hyphen_values = true)]
    pub(crate) assignments: Vec<String>,
    /// The table, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The present value, as `hydra get` prints it; else exit 4. Repeated: in the order of the paths
    #[arg(long, value_name = "OLD", allow_hyphen_values = true)]
    pub(crate) expect: Vec<String>,
    /// Take no lock, where the file system has none and nobody else writes to the file
    #[arg(long)]
    pub(crate) no_lock: bool,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct HexArgs {
    /// A Hydra file; - is stdin
    pub(crate) file: PathBuf,
    /// [TABLE][RECORD].field, or a file offset
    #[arg(value_name = "PATH|OFFSET", allow_hyphen_values = true)]
    pub(crate) place: Option<String>,
    /// The table, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct LayoutArgs {
    /// A Hydra file; - is stdin
    pub(crate) file: PathBuf,
    /// Only this table
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Hydra files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct RecoverArgs {
    /// A damaged Hydra file; - is stdin
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The new file
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Also keep whole blocks after the last commit
    #[arg(long)]
    pub(crate) uncommitted: bool,
    /// Where an edit is damaged, keep the records as they were before it
    #[arg(long)]
    pub(crate) older: bool,
    /// Also write what was kept and lost to a file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct CompactArgs {
    /// A Hydra file; - is stdin
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The new file
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct DiffArgs {
    /// A Hydra file; - is stdin
    #[arg(value_name = "OLD")]
    pub(crate) left: PathBuf,
    /// Another
    #[arg(value_name = "NEW")]
    pub(crate) right: PathBuf,
    /// Only this table
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// The field by which records belong together; else it is their index
    #[arg(long, value_name = "PATH")]
    pub(crate) key: Option<String>,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct CompatArgs {
    /// A Hydra file, or what `hydra schema --as json` printed; - is stdin
    pub(crate) old: PathBuf,
    /// Another
    pub(crate) new: PathBuf,
    /// Only this table
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// What makes the answer no
    #[arg(long, default_value = "break", value_name = "LEVEL", value_parser = severity())]
    pub(crate) deny: Severity,
    /// How to print
    #[arg(short, long, default_value = "text", value_parser = among(DOCUMENT))]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct ConvertArgs {
    /// What to read; - is stdin. Several files of text become one table
    #[arg(required = true, value_name = "IN")]
    pub(crate) inputs: Vec<PathBuf>,
    /// What to write; - is stdout
    #[arg(value_name = "OUT", value_parser = PathBufValueParser::new().map(target::stdout_or))]
    pub(crate) output: PathBuf,
    /// Format of IN, if its extension does not tell
    #[arg(long, value_parser = among(FILES))]
    pub(crate) from: Option<Format>,
    /// Format of OUT, if its extension does not tell
    #[arg(long, value_parser = among(FILES))]
    pub(crate) to: Option<Format>,
    /// An unquoted CSV cell that means null, instead of the empty one; to read, it may be repeated
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) null: Vec<String>,
    /// Names and types of the records, from a Hydra file (--table picks one of its tables) or `hydra schema --as json`
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Overwrite OUT
    #[arg(long)]
    pub(crate) force: bool,
    /// Take no lock, where the file system has none and nobody else writes to the file
    #[arg(long)]
    pub(crate) no_lock: bool,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
}

#[derive(Args)]
pub(crate) struct CompletionsArgs {
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct ManArgs {
    /// A directory; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

/// Which data of a Hydra file.
#[derive(Args)]
pub(crate) struct SelectArgs {
    /// Only these fields, separated by commas; dots reach inside, quotes are for odd names: pos.x,"unit price"
    #[arg(long, value_name = "PATHS")]
    pub(crate) fields: Vec<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// A table, and how its values are spelled.
#[derive(Args)]
pub(crate) struct SourceArgs {
    /// The table, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Leave out damaged blocks, and records with a variant that the newest type lacks, and go on (exit 3)
    #[arg(long)]
    pub(crate) skip_damaged: bool,
    /// 64-bit integers in JSON: as numbers, or as strings for JavaScript
    #[arg(long = "int64", action = ArgAction::Set, default_value = "number", value_name = "HOW",
          value_parser = either("number", "string"))]
    pub(crate) int64_strings: bool,
    /// Bytes in text, written and read
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

/// The formats of an answer, of a value, of records that go on, of records, and of files.
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

/// One of two words; true for the second.
fn either(no: &'static str, yes: &'static str) -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new([no, yes]).map(move |word| word == yes)
}

/// One of these formats.
fn among(formats: &[Format]) -> impl TypedValueParser<Value = Format> + use<> {
    let names = PossibleValuesParser::new(formats.iter().filter_map(Format::to_possible_value));
    names.try_map(|name| Format::from_str(&name, false))
}

impl Format {
    /// The format that the extension of a file tells.
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

    /// True for formats that nobody reads on a terminal.
    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Format::Hydra | Format::Msgpack | Format::Cbor)
    }
}
