//! What the command says about itself.

use super::Place;
use snapbox::str;

#[test]
fn the_command() {
    Place::new().run(&["--help"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
Inspect, check, print, edit and convert Hydra files

Usage: hydra [OPTIONS] <COMMAND>

Commands:
  inspect      Show a file's tables, schema, counts and health, without reading all of it
  schema       Show the schema of a table, also as Rust source or for NumPy
  cat          Print records
  tail         Print the last records, and with -F those that are still to come
  get          Print one value, or a slice
  set          Change values, all of them or none
  hex          Show bytes with their meaning: of a record, a block header, the file's header
  layout       Show where the bytes go: of the file by region, of records by field
  check        Verify everything: checksums, structure, text, order; exit 4 if a file is damaged
  recover      Save what is whole in a damaged file into a new one; exit 3 if anything is lost
  compact      Rewrite a file without what edits and old indexes left behind
  diff         Compare two files: schemas, then records by index or by a key; exit 4 if they differ
  compat       Tell what breaks between two generations of types, and for whom; exit 4 if any
  convert      Convert CSV, NDJSON, JSON, MessagePack or CBOR to Hydra, and Hydra to any of them
  completions  Print the completions of a shell
  man          Write manual pages: hydra.1, and one for each command
  help         Print this message or the help of the given subcommand(s)

Options:
      --color <WHEN>  When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose       Say more on stderr
  -h, --help          Print help
  -V, --version       Print version

Examples:
  hydra convert penguins.csv penguins.hydra   types come from the whole column
  hydra inspect penguins.hydra                tables, schema, counts, health
  hydra cat -n 5 penguins.hydra               the first records
  hydra check penguins.hydra                  every byte verified

Exit codes: 0 done; 1 could not; 2 usage; 3 done, but data was lost or skipped; 4 the answer is no.

"#]]);
    Place::new().run(&["--version"]).code(0).stdout_eq(str![[r#"
hydra 0.1.0

"#]]);
}

#[test]
fn inspect() {
    Place::new().run(&["inspect", "--help"]).code(0).stdout_eq(str![[r#"
Show a file's tables, schema, counts and health, without reading all of it

Usage: hydra inspect [OPTIONS] <FILE>...

Arguments:
  <FILE>...  Hydra files; - is stdin

Options:
      --deep             Verify every byte, as `hydra check` does
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra inspect ticks.hydra
  hydra inspect --deep ticks.hydra     verify every byte; exit 4 if damaged
  hydra inspect -f json ticks.hydra

"#]]);
}

#[test]
fn schema() {
    Place::new().run(&["schema", "--help"]).code(0).stdout_eq(str![[r#"
Show the schema of a table, also as Rust source or for NumPy

Usage: hydra schema [OPTIONS] <FILE>

Arguments:
  <FILE>  A Hydra file; - is stdin

Options:
      --table <NAME>  The table, where the file has several
      --as <FORM>     How to print [default: text] [possible values: text, json, rust, numpy]
      --color <WHEN>  When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose       Say more on stderr
  -h, --help          Print help

Examples:
  hydra schema ticks.hydra
  hydra schema --as json ticks.hydra
  hydra schema --as rust ticks.hydra > tick.rs   a type with the same fingerprint
  hydra schema --as numpy ticks.hydra            dtype and blocks, as JSON

For each table t and block b of --as numpy, the records are
  np.memmap(file, np.dtype(t["dtype"]), 'r', b["offset"], b["count"])

"#]]);
}

#[test]
fn cat() {
    Place::new().run(&["cat", "--help"]).code(0).stdout_eq(str![[r#"
Print records

Usage: hydra cat [OPTIONS] <FILE>...

Arguments:
  <FILE>...  Hydra files; - is stdin

Options:
  -n, --count <COUNT>    At most this many records of each file
      --skip <COUNT>     Leave out this many records at the start
      --tail <COUNT>     Only the last records
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json, ndjson, csv,
                         msgpack, cbor]
      --fields <PATHS>   Only these fields, separated by commas; dots reach inside, quotes are for
                         odd names: pos.x,"unit price"
      --table <NAME>     The table, where the file has several
      --skip-damaged     Leave out damaged blocks, and records with a variant that the newest type
                         lacks, and go on (exit 3)
      --int64 <HOW>      64-bit integers in JSON: as numbers, or as strings for JavaScript [default:
                         number] [possible values: number, string]
      --bytes <HOW>      Bytes in text, written and read [default: base64] [possible values: base64,
                         hex]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra cat -n 10 ticks.hydra
  hydra cat --fields time,pos.x --tail 5 ticks.hydra
  hydra cat -f ndjson ticks.hydra | jq .price

"#]]);
}

#[test]
fn check() {
    Place::new().run(&["check", "--help"]).code(0).stdout_eq(str![[r#"
Verify everything: checksums, structure, text, order; exit 4 if a file is damaged

Usage: hydra check [OPTIONS] <FILE>...

Arguments:
  <FILE>...  Hydra files; - is stdin

Options:
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra check ticks.hydra
  hydra check -f json *.hydra

"#]]);
}

#[test]
fn convert() {
    Place::new().run(&["convert", "--help"]).code(0).stdout_eq(str![[r#"
Convert CSV, NDJSON, JSON, MessagePack or CBOR to Hydra, and Hydra to any of them

Usage: hydra convert [OPTIONS] <IN>... <OUT>

Arguments:
  <IN>...  What to read; - is stdin. Several files of text become one table
  <OUT>    What to write; - is stdout

Options:
      --from <FROM>     Format of IN, if its extension does not tell [possible values: hydra, csv,
                        ndjson, json, msgpack, cbor]
      --to <TO>         Format of OUT, if its extension does not tell [possible values: hydra, csv,
                        ndjson, json, msgpack, cbor]
      --null <TOKEN>    An unquoted CSV cell that means null, instead of the empty one; to read, it
                        may be repeated
      --schema <FILE>   Names and types of the records, from a Hydra file (--table picks one of its
                        tables) or `hydra schema --as json`
      --force           Overwrite OUT
      --no-lock         Take no lock, where the file system has none and nobody else writes to the
                        file
      --fields <PATHS>  Only these fields, separated by commas; dots reach inside, quotes are for
                        odd names: pos.x,"unit price"
      --table <NAME>    The table, where the file has several
      --skip-damaged    Leave out damaged blocks, and records with a variant that the newest type
                        lacks, and go on (exit 3)
      --int64 <HOW>     64-bit integers in JSON: as numbers, or as strings for JavaScript [default:
                        number] [possible values: number, string]
      --bytes <HOW>     Bytes in text, written and read [default: base64] [possible values: base64,
                        hex]
      --color <WHEN>    When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose         Say more on stderr
  -h, --help            Print help

Examples:
  hydra convert penguins.csv penguins.hydra
  hydra convert --null NA --null '' weather.csv weather.hydra
  hydra convert day1.ndjson day2.ndjson week.hydra      one table
  hydra convert ticks.hydra ticks.ndjson
  hydra convert --table birds penguins.csv birds.hydra   a table of this name
  hydra convert --schema ticks.hydra more.msgpack more.hydra
  hydra convert --schema new.hydra old.hydra migrated.hydra   another type; every loss is named
  curl -s https://example.org/x.csv | hydra convert --from csv - x.hydra

"#]]);
}

#[test]
fn usage_is_exit_code_2() {
    let place = Place::new();
    for args in [&[][..], &["frobnicate"], &["cat"], &["cat", "-f", "xml", "x"], &["convert", "a.csv"]] {
        place.run(args).code(2).stdout_eq(str![[""]]);
    }
}

#[test]
fn get() {
    Place::new().run(&["get", "--help"]).code(0).stdout_eq(str![[r#"
Print one value, or a slice

Usage: hydra get [OPTIONS] <FILE> <PATH>

Arguments:
  <FILE>  A Hydra file; - is stdin
  <PATH>  [TABLE][RECORD].field; a record is 7, -1, 10:20, 10: or :20

Options:
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json, ndjson]
      --table <NAME>     The table, where the file has several
      --skip-damaged     Leave out damaged blocks, and records with a variant that the newest type
                         lacks, and go on (exit 3)
      --int64 <HOW>      64-bit integers in JSON: as numbers, or as strings for JavaScript [default:
                         number] [possible values: number, string]
      --bytes <HOW>      Bytes in text, written and read [default: base64] [possible values: base64,
                         hex]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra get ticks.hydra '[1041].price'
  hydra get ticks.hydra '[10:20].pos.x'      of ten records
  hydra get shop.hydra '[Order][-1]'         the last record of a table
  hydra get config.hydra .servers[0].name    a file of one record
  hydra get -f json ticks.hydra '[7]'

"#]]);
}

#[test]
fn set() {
    Place::new().run(&["set", "--help"]).code(0).stdout_eq(str![[r#"
Change values, all of them or none

Usage: hydra set [OPTIONS] <FILE> <PATH=VALUE>...

Arguments:
  <FILE>           A Hydra file
  <PATH=VALUE>...  [TABLE][RECORD].field=value

Options:
      --table <NAME>     The table, where the file has several
      --dry-run          Show what would change, and change nothing
      --expect <OLD>     The present value, as `hydra get` prints it; else exit 4. Repeated: in the
                         order of the paths
      --no-lock          Take no lock, where the file system has none and nobody else writes to the
                         file
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra set shop.hydra '[Order][7].price=1.5' '[Order][7].state=Paid'
  hydra set --dry-run config.hydra .retries=3
  hydra set --expect 2 config.hydra .retries=3   exit 4 if it is not 2
  hydra set log.hydra '[-1].user=null'

Open readers keep the state that they see. A value is what `hydra get` shows: a number,
text, a variant's name, a time, base64, null for none; or JSON, for lists, maps and
structs, and for text in quotes: '[7].tags=["a","b"]' '[7].name="null"'.

"#]]);
}

#[test]
fn hex() {
    Place::new().run(&["hex", "--help"]).code(0).stdout_eq(str![[r#"
Show bytes with their meaning: of a record, a block header, the file's header

Usage: hydra hex [OPTIONS] <FILE> [PATH|OFFSET]

Arguments:
  <FILE>         A Hydra file; - is stdin
  [PATH|OFFSET]  [TABLE][RECORD].field, or a file offset

Options:
      --table <NAME>     The table, where the file has several
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra hex ticks.hydra                 header and commit records
  hydra hex ticks.hydra '[1041]'        a record, and what it refers to
  hydra hex ticks.hydra '[-1].tags'
  hydra hex ticks.hydra 0x2100          the block or record at a file offset

"#]]);
}

#[test]
fn diff() {
    Place::new().run(&["diff", "--help"]).code(0).stdout_eq(str![[r#"
Compare two files: schemas, then records by index or by a key; exit 4 if they differ

Usage: hydra diff [OPTIONS] <OLD> <NEW>

Arguments:
  <OLD>  A Hydra file; - is stdin
  <NEW>  Another

Options:
      --table <NAME>     Only this table
      --key <PATH>       The field by which records belong together; else it is their index
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra diff old.hydra new.hydra
  hydra diff --key id old.hydra new.hydra          records with the same id belong together
  hydra diff -f json --table Order a.hydra b.hydra

"#]]);
}

#[test]
fn compat() {
    Place::new().run(&["compat", "--help"]).code(0).stdout_eq(str![[r#"
Tell what breaks between two generations of types, and for whom; exit 4 if any

Usage: hydra compat [OPTIONS] <OLD> <NEW>

Arguments:
  <OLD>  A Hydra file, or what `hydra schema --as json` printed; - is stdin
  <NEW>  Another

Options:
      --table <NAME>     Only this table
      --deny <LEVEL>     What makes the answer no [default: break] [possible values: break, warning,
                         note]
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra compat old.hydra new.hydra
  hydra schema --as json old.hydra > schema.json && hydra compat schema.json new.hydra
  hydra compat --deny warning -f json old.hydra new.hydra

"#]]);
}

#[test]
fn layout() {
    Place::new().run(&["layout", "--help"]).code(0).stdout_eq(str![[r#"
Show where the bytes go: of the file by region, of records by field

Usage: hydra layout [OPTIONS] <FILE>

Arguments:
  <FILE>  A Hydra file; - is stdin

Options:
      --table <NAME>     Only this table
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json]
      --color <WHEN>     When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose          Say more on stderr
  -h, --help             Print help

Examples:
  hydra layout ticks.hydra
  hydra layout -f json --table Tick ticks.hydra

In the drawing a row is a cache line and a letter a byte; a dot is padding.

"#]]);
}
