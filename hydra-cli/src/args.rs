//! What can be said on the command line. It knows nothing about what the commands do.
#![forbid(unsafe_code)]

use crate::target;
use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use hydra::reflect::Spelling;
use std::path::{Path, PathBuf};

/// Inspect, check, print, edit and convert Hydra files
#[derive(Parser)]
#[command(
    name = "hydra",
    version,
    max_term_width = 100,
    after_help = "Examples:
  hydra convert penguins.csv penguins.hydra   types come from the whole column
  hydra inspect penguins.hydra                tables, schema, counts, health
  hydra cat -n 5 penguins.hydra               the first records
  hydra check penguins.hydra                  every byte verified

Exit codes: 0 done; 1 could not; 2 usage; 3 done, but data was lost or skipped; 4 the answer is no."
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
    #[command(after_help = "Examples:
  hydra inspect ticks.hydra
  hydra inspect --deep ticks.hydra     verify every byte; exit 4 if damaged
  hydra inspect -f json ticks.hydra")]
    Inspect(Inspect),
    /// Show the schema of a table, also as Rust source or for NumPy
    #[command(after_help = "Examples:
  hydra schema ticks.hydra
  hydra schema --as json ticks.hydra
  hydra schema --as rust ticks.hydra > tick.rs   a type with the same fingerprint
  hydra schema --as numpy ticks.hydra            dtype and blocks, as JSON

For each table t and block b of --as numpy, the records are
  np.memmap(file, np.dtype(t[\"dtype\"]), 'r', b[\"offset\"], b[\"count\"])")]
    Schema(SchemaArgs),
    /// Print records
    #[command(after_help = "Examples:
  hydra cat -n 10 ticks.hydra
  hydra cat --fields time,pos.x --tail 5 ticks.hydra
  hydra cat -f ndjson ticks.hydra | jq .price")]
    Cat(Cat),
    /// Print the last records, and with -F those that are still to come
    #[command(after_help = "Examples:
  hydra tail ticks.hydra
  hydra tail -n 3 -F ticks.hydra                follow, until Ctrl-C
  hydra tail -F -f ndjson ticks.hydra | jq .price

Only what is committed is shown. An edit of a record that was shown is not shown again.")]
    Tail(Tail),
    /// Print one value, or a slice
    #[command(after_help = "Examples:
  hydra get ticks.hydra '[1041].price'
  hydra get ticks.hydra '[10:20].pos.x'      of ten records
  hydra get shop.hydra '[Order][-1]'         the last record of a table
  hydra get config.hydra .servers[0].name    a file of one record
  hydra get -f json ticks.hydra '[7]'")]
    Get(Get),
    /// Change values, all of them or none
    #[command(after_help = "Examples:
  hydra set shop.hydra '[Order][7].price=1.5' '[Order][7].state=Paid'
  hydra set --dry-run config.hydra .retries=3
  hydra set --expect 2 config.hydra .retries=3   exit 4 if it is not 2
  hydra set log.hydra '[-1].user=null'

Open readers keep the state that they see. A value is what `hydra get` shows: a number,
text, a variant's name, a time, base64, null for none; or JSON, for lists, maps and
structs, and for text in quotes: '[7].tags=[\"a\",\"b\"]' '[7].name=\"null\"'.")]
    Set(Set),
    /// Show bytes with their meaning: of a record, a block header, the file's header
    #[command(after_help = "Examples:
  hydra hex ticks.hydra                 header and commit records
  hydra hex ticks.hydra '[1041]'        a record, and what it refers to
  hydra hex ticks.hydra '[-1].tags'
  hydra hex ticks.hydra 0x2100          the block or record at a file offset")]
    Hex(Hex),
    /// Show where the bytes go: of the file by region, of records by field
    #[command(after_help = "Examples:
  hydra layout ticks.hydra
  hydra layout -f json --table Tick ticks.hydra

In the drawing a row is a cache line and a letter a byte; a dot is padding.")]
    Layout(Layout),
    /// Verify everything: checksums, structure, text, order; exit 4 if a file is damaged
    #[command(after_help = "Examples:
  hydra check ticks.hydra
  hydra check -f json *.hydra")]
    Check(Check),
    /// Save what is whole in a damaged file into a new one; exit 3 if anything is lost
    #[command(after_help = "Examples:
  hydra recover ticks.hydra -o saved.hydra
  hydra recover --report lost.json ticks.hydra -o other.hydra
  hydra recover --uncommitted ticks.hydra -o all.hydra     also what was never committed

IN is only read. Every block that is kept was verified; records after lost ones move up.")]
    Recover(Recover),
    /// Rewrite a file without what edits and old indexes left behind
    #[command(after_help = "Examples:
  hydra compact shop.hydra -o small.hydra")]
    Compact(Compact),
    /// Compare two files: schemas, then records by index or by a key; exit 4 if they differ
    #[command(after_help = "Examples:
  hydra diff old.hydra new.hydra
  hydra diff --key id old.hydra new.hydra          records with the same id belong together
  hydra diff -f json --table Order a.hydra b.hydra")]
    Diff(Diff),
    /// Tell what breaks between two generations of types, and for whom; exit 4 if any
    #[command(after_help = "Examples:
  hydra compat old.hydra new.hydra
  hydra schema --as json old.hydra > schema.json && hydra compat schema.json new.hydra
  hydra compat --deny warning -f json old.hydra new.hydra")]
    Compat(Compat),
    /// Convert CSV, NDJSON, JSON, MessagePack or CBOR to Hydra, and Hydra to any of them
    #[command(after_help = "Examples:
  hydra convert penguins.csv penguins.hydra
  hydra convert --null NA --null '' weather.csv weather.hydra
  hydra convert day1.ndjson day2.ndjson week.hydra      one table
  hydra convert ticks.hydra ticks.ndjson
  hydra convert --table birds penguins.csv birds.hydra   a table of this name
  hydra convert --schema ticks.hydra more.msgpack more.hydra
  hydra convert --schema new.hydra old.hydra migrated.hydra   another type; every loss is named
  curl -s https://example.org/x.csv | hydra convert --from csv - x.hydra")]
    Convert(Convert),
    /// Print the completions of a shell
    #[command(after_help = "Examples:
  hydra completions bash > ~/.local/share/bash-completion/completions/hydra
  hydra completions zsh > ~/.zfunc/_hydra
  hydra completions fish > ~/.config/fish/completions/hydra.fish")]
    Completions(Completions),
    /// Write manual pages: hydra.1, and one for each command
    #[command(after_help = "Examples:
  hydra man ~/.local/share/man/man1")]
    Man(Man),
}

#[derive(Args)]
pub(crate) struct Inspect {
    /// Hydra files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Verify every byte, as `hydra check` does
    #[arg(long)]
    pub(crate) deep: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct SchemaArgs {
    /// A Hydra file; - is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The table, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// How to print
    #[arg(long = "as", value_enum, default_value_t = Language::Text, value_name = "FORM")]
    pub(crate) language: Language,
}

#[derive(Args)]
pub(crate) struct Cat {
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
    #[arg(short, long, value_enum, default_value_t = Print::Text)]
    pub(crate) format: Print,
    #[command(flatten)]
    pub(crate) select: Select,
}

#[derive(Args)]
pub(crate) struct Tail {
    /// A Hydra file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How many records to start with
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) count: u64,
    /// Wait for new records, and print them when they are committed
    #[arg(short = 'F', long)]
    pub(crate) follow: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Lines::Text)]
    pub(crate) format: Lines,
    #[command(flatten)]
    pub(crate) select: Select,
}

#[derive(Args)]
pub(crate) struct Get {
    /// A Hydra file; - is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// [TABLE][RECORD].field; a record is 7, -1, 10:20, 10: or :20
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    pub(crate) path: String,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Slice::Text)]
    pub(crate) format: Slice,
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Args)]
pub(crate) struct Set {
    /// A Hydra file
    #[arg(value_name = "FILE")]
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
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct Hex {
    /// A Hydra file; - is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// [TABLE][RECORD].field, or a file offset
    #[arg(value_name = "PATH|OFFSET", allow_hyphen_values = true)]
    pub(crate) place: Option<String>,
    /// The table, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct Layout {
    /// A Hydra file; - is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only this table
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct Check {
    /// Hydra files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct Recover {
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
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct Compact {
    /// A Hydra file; - is stdin
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The new file
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct Diff {
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
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct Compat {
    /// A Hydra file, or what `hydra schema --as json` printed; - is stdin
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// Another
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Only this table
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// What makes the answer no
    #[arg(long, value_enum, default_value_t = Level::Break, value_name = "LEVEL")]
    pub(crate) deny: Level,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    pub(crate) format: Shape,
}

#[derive(Args)]
pub(crate) struct Convert {
    /// What to read; - is stdin. Several files of text become one table
    #[arg(required = true, value_name = "IN")]
    pub(crate) inputs: Vec<PathBuf>,
    /// What to write; - is stdout
    #[arg(value_name = "OUT", value_parser = PathBufValueParser::new().map(target::stdout_or))]
    pub(crate) output: PathBuf,
    /// Format of IN, if its extension does not tell
    #[arg(long, value_enum)]
    pub(crate) from: Option<Format>,
    /// Format of OUT, if its extension does not tell
    #[arg(long, value_enum)]
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
    pub(crate) select: Select,
}

#[derive(Args)]
pub(crate) struct Completions {
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct Man {
    /// A directory; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

/// Which data of a Hydra file.
#[derive(Args)]
pub(crate) struct Select {
    /// Only these fields, separated by commas; dots reach inside, quotes are for odd names: pos.x,"unit price"
    #[arg(long, value_name = "PATHS")]
    pub(crate) fields: Vec<String>,
    #[command(flatten)]
    pub(crate) source: Source,
}

/// A table, and how its values are spelled.
#[derive(Args)]
pub(crate) struct Source {
    /// The table, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Leave out damaged blocks, and records with a variant that the newest type lacks, and go on (exit 3)
    #[arg(long)]
    pub(crate) skip_damaged: bool,
    /// 64-bit integers in JSON: as numbers, or as strings for JavaScript
    #[arg(long, value_enum, default_value_t = Int64::Number, value_name = "HOW")]
    pub(crate) int64: Int64,
    /// Bytes in text, written and read
    #[arg(long, value_enum, default_value_t = Bytes::Base64, value_name = "HOW")]
    pub(crate) bytes: Bytes,
}

impl Source {
    pub(crate) fn spelling(&self) -> Spelling {
        Spelling { int64_strings: self.int64 == Int64::String, hex: self.bytes == Bytes::Hex }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    Break,
    Warning,
    Note,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Text,
    Json,
    Rust,
    Numpy,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Print {
    Text,
    Json,
    Ndjson,
    Csv,
    Msgpack,
    Cbor,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lines {
    Text,
    Ndjson,
    Csv,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Slice {
    Text,
    Json,
    Ndjson,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Hydra,
    Csv,
    Ndjson,
    Json,
    Msgpack,
    Cbor,
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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Int64 {
    Number,
    String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bytes {
    Base64,
    Hex,
}
