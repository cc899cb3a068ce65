//! What the command says about itself.

use super::Place;
use snapbox::str;

#[test]
fn the_command() {
    Place::new().run(&["--help"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
Inspect, check, print and convert Hydra files

Usage: hydra [OPTIONS] <COMMAND>

Commands:
  inspect  Show a file's tables, schema, counts and health, without reading all of it
  schema   Show the schema of a table, also as Rust source or for NumPy
  cat      Print records
  get      Print one value, or a slice
  set      Change values, all of them or none
  hex      Show bytes with their meaning: of a record, a block header, the file's header
  layout   Show where the bytes go: of the file by region, of records by field
  check    Verify everything: checksums, structure, text, order; exit 4 if a file is damaged
  convert  Convert CSV to Hydra, and Hydra to CSV, NDJSON or JSON
  help     Print this message or the help of the given subcommand(s)

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
  hydra schema --as rust ticks.hydra > tick.rs   a type with the same fingerprint; exit 3 if not
  quite
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
  -f, --format <FORMAT>  How to print [default: text] [possible values: text, json, ndjson, csv]
      --fields <PATHS>   Only these fields, separated by commas; dots reach inside
      --table <NAME>     The table, where the file has several
      --skip-damaged     Leave out damaged blocks and go on (exit 3)
      --int64 <HOW>      64-bit integers in JSON: as numbers, or as strings for JavaScript [default:
                         number] [possible values: number, string]
      --bytes <HOW>      Bytes in text [default: base64] [possible values: base64, hex]
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
Convert CSV to Hydra, and Hydra to CSV, NDJSON or JSON

Usage: hydra convert [OPTIONS] <IN> <OUT>

Arguments:
  <IN>   What to read; - is stdin
  <OUT>  What to write; - is stdout

Options:
      --from <FROM>     Format of IN, if its extension does not tell [possible values: hydra, csv,
                        ndjson, json]
      --to <TO>         Format of OUT, if its extension does not tell [possible values: hydra, csv,
                        ndjson, json]
      --null <TOKEN>    An unquoted CSV cell that means null, instead of the empty one; may be
                        repeated
      --force           Overwrite OUT
      --fields <PATHS>  Only these fields, separated by commas; dots reach inside
      --table <NAME>    The table, where the file has several
      --skip-damaged    Leave out damaged blocks and go on (exit 3)
      --int64 <HOW>     64-bit integers in JSON: as numbers, or as strings for JavaScript [default:
                        number] [possible values: number, string]
      --bytes <HOW>     Bytes in text [default: base64] [possible values: base64, hex]
      --color <WHEN>    When to use colour; NO_COLOR is respected [default: auto]
  -v, --verbose         Say more on stderr
  -h, --help            Print help

Examples:
  hydra convert penguins.csv penguins.hydra
  hydra convert --null NA --null '' weather.csv weather.hydra
  hydra convert ticks.hydra ticks.ndjson
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
    Place::new().run(&["get", "--help"]).code(0).stdout_eq(str![[""]]);
}

#[test]
fn set() {
    Place::new().run(&["set", "--help"]).code(0).stdout_eq(str![[""]]);
}

#[test]
fn hex() {
    Place::new().run(&["hex", "--help"]).code(0).stdout_eq(str![[""]]);
}

#[test]
fn layout() {
    Place::new().run(&["layout", "--help"]).code(0).stdout_eq(str![[""]]);
}
