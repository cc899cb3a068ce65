//! Tests of the help texts.

use super::Place;
use snapbox::str;

#[test]
fn the_command() {
    Place::new().run(&["--help"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
Inspect, check, print, edit and convert Hydra files

Usage: hydra [OPTIONS] <COMMAND>

Commands:
  inspect      Show the tables, schemas, record counts and state of a file
  schema       Print the schema of a table as text, JSON, Rust source code or NumPy dtypes
  cat          Print the records of a table as text, JSON, NDJSON, CSV, MessagePack or CBOR
  tail         Print the last records of a table, and with -F new ones when they are committed
  get          Print one value of a file, or the same value of a range of records
  set          Change values in a file: all that are given, or none
  hex          Show the bytes of a record, a block header or the file header with their meaning
  layout       Show how many bytes each part of a file and each field of its records takes
  check        Verify every byte of a file; exit 4 if it is damaged
  recover      Copy the undamaged records of a file to a new file; exit 3 if any are lost
  compact      Copy a file without the blocks and indexes that later edits replaced
  diff         Compare the schemas and records of two files; exit 4 if they differ
  compat       Compare two versions of a schema; exit 4 if one cannot read files of the other
  convert      Convert files between Hydra and CSV, NDJSON, JSON, MessagePack or CBOR
  completions  Print a script that completes commands and options in a shell
  man          Write the manual pages hydra.1 and one for each command into a directory
  help         Print this message or the help of the given subcommand(s)

Options:
      --color <WHEN>  Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose       Print more details on stderr
  -h, --help          Print help
  -V, --version       Print version

Examples:
  hydra convert penguins.csv penguins.hydra   make a Hydra file from CSV
  hydra inspect penguins.hydra                show tables, fields and record counts
  hydra cat -n 5 penguins.hydra               print the first five records
  hydra check penguins.hydra                  verify every byte

Exit codes:
  0  success
  1  failure
  2  wrong usage
  3  success, but data was lost or skipped
  4  the answer is no: damaged, different, incompatible, or not the expected value

"#]]);
    Place::new().run(&["--version"]).code(0).stdout_eq(str![[r#"
hydra 0.1.0

"#]]);
}

#[test]
fn inspect() {
    Place::new().run(&["inspect", "--help"]).code(0).stdout_eq(str![[r#"
Show the tables, schemas, record counts and state of a file

Usage: hydra inspect [OPTIONS] <FILE>...

Arguments:
  <FILE>...  Hydra files; - is stdin

Options:
      --deep             Verify every byte, as `hydra check` does; otherwise, records are not read
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
  -h, --help             Print help

Examples:
  hydra inspect ticks.hydra
  hydra inspect --deep ticks.hydra     verify every byte, too; exit 4 if the file is damaged
  hydra inspect -f json ticks.hydra

"#]]);
}

#[test]
fn schema() {
    Place::new().run(&["schema", "--help"]).code(0).stdout_eq(str![[r#"
Print the schema of a table as text, JSON, Rust source code or NumPy dtypes

Usage: hydra schema [OPTIONS] <FILE>

Arguments:
  <FILE>  A Hydra file; - is stdin

Options:
      --table <NAME>  Name of the table; required if the file has several
      --as <FORM>     Output format [default: text] [possible values: text, json, rust, numpy]
      --color <WHEN>  Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose       Print more details on stderr
  -h, --help          Print help

Examples:
  hydra schema ticks.hydra
  hydra schema --as json ticks.hydra
  hydra schema --as rust ticks.hydra > tick.rs   source code of a type that reads the file
  hydra schema --as numpy ticks.hydra            NumPy dtypes and block offsets, as JSON

In NumPy, the records of block b of table t from --as numpy are
  np.memmap(file, np.dtype(t["dtype"]), 'r', b["offset"], b["count"])

"#]]);
}

#[test]
fn cat() {
    Place::new().run(&["cat", "--help"]).code(0).stdout_eq(str![[r#"
Print the records of a table as text, JSON, NDJSON, CSV, MessagePack or CBOR

Usage: hydra cat [OPTIONS] <FILE>...

Arguments:
  <FILE>...  Hydra files; - is stdin

Options:
  -n, --count <COUNT>    Largest number of records to print of each file [default: all]
      --skip <COUNT>     Number of records to skip at the start of each file [default: 0]
      --tail <COUNT>     Print only this many records, the last of each file
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json, ndjson, csv,
                         msgpack, cbor]
      --fields <PATHS>   Fields to print, separated by commas, such as id,pos.x,"unit price"
                         [default: all]
      --table <NAME>     Name of the table; required if the file has several
      --skip-damaged     Skip damaged blocks, and records with an enum variant that the newest
                         schema lacks; exit 3 if any
      --int64 <HOW>      Write 64-bit integers in JSON as numbers, or as strings for JavaScript
                         [default: number] [possible values: number, string]
      --bytes <HOW>      Encoding of bytes in text, when printed and when read [default: base64]
                         [possible values: base64, hex]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
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
Verify every byte of a file; exit 4 if it is damaged

Usage: hydra check [OPTIONS] <FILE>...

Arguments:
  <FILE>...  Hydra files; - is stdin

Options:
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
  -h, --help             Print help

Examples:
  hydra check ticks.hydra
  hydra check -f json *.hydra

"#]]);
}

#[test]
fn convert() {
    Place::new().run(&["convert", "--help"]).code(0).stdout_eq(str![[r#"
Convert files between Hydra and CSV, NDJSON, JSON, MessagePack or CBOR

Usage: hydra convert [OPTIONS] <IN>... <OUT>

Arguments:
  <IN>...  Files to read; - is stdin. Several files that are not Hydra files become one table
  <OUT>    File to write; - is stdout

Options:
      --from <FROM>      Format of IN [default: from its extension] [possible values: hydra, csv,
                         ndjson, json, msgpack, cbor]
      --to <TO>          Format of OUT [default: from its extension] [possible values: hydra, csv,
                         ndjson, json, msgpack, cbor]
      --null <TOKEN>     Unquoted CSV cell that means null; can be repeated when CSV is read
                         [default: the empty cell]
      --schema <FILE>    Take the names and types of the fields from a table of a Hydra file, or
                         from the output of `hydra schema --as json` [default: inferred from IN]
      --layout <LAYOUT>  Store records as rows or as columns, if OUT is a Hydra file; blocks that
                         columns would not make smaller stay rows [default: rows] [possible values:
                         rows, columns]
      --force            Replace OUT if it exists
      --no-lock          Do not lock the file: for file systems without locks, while no other
                         program writes to it
      --fields <PATHS>   Fields to print, separated by commas, such as id,pos.x,"unit price"
                         [default: all]
      --table <NAME>     Name of the table; required if the file has several
      --skip-damaged     Skip damaged blocks, and records with an enum variant that the newest
                         schema lacks; exit 3 if any
      --int64 <HOW>      Write 64-bit integers in JSON as numbers, or as strings for JavaScript
                         [default: number] [possible values: number, string]
      --bytes <HOW>      Encoding of bytes in text, when printed and when read [default: base64]
                         [possible values: base64, hex]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
  -h, --help             Print help

Examples:
  hydra convert penguins.csv penguins.hydra
  hydra convert --null NA --null '' weather.csv weather.hydra
  hydra convert day1.ndjson day2.ndjson week.hydra      two files into one table
  hydra convert ticks.hydra ticks.ndjson
  hydra convert --table birds penguins.csv birds.hydra   choose the name of the table
  hydra convert --schema ticks.hydra more.msgpack more.hydra
  hydra convert --schema new.hydra old.hydra migrated.hydra   change the schema of a table
  hydra convert --layout columns penguins.csv small.hydra   far smaller
  curl -s https://example.org/x.csv | hydra convert --from csv - x.hydra

Whatever the new format or schema cannot hold is listed on stderr, and the exit code is 3.

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
Print one value of a file, or the same value of a range of records

Usage: hydra get [OPTIONS] <FILE> <PATH>

Arguments:
  <FILE>  A Hydra file; - is stdin
  <PATH>  Path of the value, [TABLE][RECORD].field; RECORD is an index from 0 such as 7, or -1 for
          the last, or a range: 10:20, 10: or :20

Options:
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json, ndjson]
      --table <NAME>     Name of the table; required if the file has several
      --skip-damaged     Skip damaged blocks, and records with an enum variant that the newest
                         schema lacks; exit 3 if any
      --int64 <HOW>      Write 64-bit integers in JSON as numbers, or as strings for JavaScript
                         [default: number] [possible values: number, string]
      --bytes <HOW>      Encoding of bytes in text, when printed and when read [default: base64]
                         [possible values: base64, hex]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
  -h, --help             Print help

Examples:
  hydra get ticks.hydra '[1041].price'       a field of a record; the first record is [0]
  hydra get ticks.hydra '[10:20].pos.x'      a field of records 10 to 19
  hydra get shop.hydra '[Order][-1]'         the last record of table Order
  hydra get config.hydra .servers[0].name    a field of the only record
  hydra get -f json ticks.hydra '[7]'

"#]]);
}

#[test]
fn set() {
    Place::new().run(&["set", "--help"]).code(0).stdout_eq(str![[r#"
Change values in a file: all that are given, or none

Usage: hydra set [OPTIONS] <FILE> <PATH=VALUE>...

Arguments:
  <FILE>           A Hydra file
  <PATH=VALUE>...  Path of a value and its new value: [TABLE][RECORD].field=value

Options:
      --table <NAME>     Name of the table; required if the file has several
      --dry-run          Print what would change, but do not change the file
      --expect <OLD>     Change nothing and exit 4 if the present value is not OLD, as `hydra get`
                         prints it; for several paths, repeat it in their order
      --no-lock          Do not lock the file: for file systems without locks, while no other
                         program writes to it
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
  -h, --help             Print help

Examples:
  hydra set shop.hydra '[Order][7].price=1.5' '[Order][7].state=Paid'
  hydra set --dry-run config.hydra .retries=3
  hydra set --expect 2 config.hydra .retries=3   exit 4 if the present value is not 2
  hydra set log.hydra '[-1].user=null'

Values are written as `hydra get` prints them: a number, text, the name of an enum variant, a time,
base64 for bytes, null for no value. Lists, maps and structs are JSON, and so is text in quotes:
'[7].tags=["a","b"]' '[7].name="null"'. Programs that have the file open keep their snapshot.

"#]]);
}

#[test]
fn hex() {
    Place::new().run(&["hex", "--help"]).code(0).stdout_eq(str![[r#"
Show the bytes of a record, a block header or the file header with their meaning

Usage: hydra hex [OPTIONS] <FILE> [PATH|OFFSET]

Arguments:
  <FILE>         A Hydra file; - is stdin
  [PATH|OFFSET]  Path of a value, [TABLE][RECORD].field, or a file offset in bytes, such as 8192 or
                 0x2000 [default: the file header]

Options:
      --table <NAME>     Name of the table; required if the file has several
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
  -h, --help             Print help

Examples:
  hydra hex ticks.hydra                 the file header and the commit records
  hydra hex ticks.hydra '[1041]'        a record and the data it refers to
  hydra hex ticks.hydra '[-1].tags'     a field of the last record
  hydra hex ticks.hydra 0x2100          the block, record or stream at a file offset

"#]]);
}

#[test]
fn diff() {
    Place::new().run(&["diff", "--help"]).code(0).stdout_eq(str![[r#"
Compare the schemas and records of two files; exit 4 if they differ

Usage: hydra diff [OPTIONS] <OLD> <NEW>

Arguments:
  <OLD>  A Hydra file; - is stdin
  <NEW>  The file to compare it with

Options:
      --table <NAME>     Name of a table [default: all]
      --key <PATH>       Field that identifies a record in both files [default: the index of the
                         record]
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
  -h, --help             Print help

Examples:
  hydra diff old.hydra new.hydra
  hydra diff --key id old.hydra new.hydra          compare records with the same id
  hydra diff -f json --table Order a.hydra b.hydra

"#]]);
}

#[test]
fn compat() {
    Place::new().run(&["compat", "--help"]).code(0).stdout_eq(str![[r#"
Compare two versions of a schema; exit 4 if one cannot read files of the other

Usage: hydra compat [OPTIONS] <OLD> <NEW>

Arguments:
  <OLD>  A Hydra file, or the output of `hydra schema --as json`; - is stdin
  <NEW>  The newer one, in either form

Options:
      --table <NAME>     Name of a table [default: all]
      --deny <LEVEL>     Lowest severity that makes the exit code 4 [default: break] [possible
                         values: break, warning, note]
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
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
Show how many bytes each part of a file and each field of its records takes

Usage: hydra layout [OPTIONS] <FILE>

Arguments:
  <FILE>  A Hydra file; - is stdin

Options:
      --table <NAME>     Name of a table [default: all]
  -f, --format <FORMAT>  Output format [default: text] [possible values: text, json]
      --color <WHEN>     Use colour: auto (off if NO_COLOR is set), always or never [default: auto]
  -v, --verbose          Print more details on stderr
  -h, --help             Print help

Examples:
  hydra layout ticks.hydra
  hydra layout -f json --table Tick ticks.hydra

In the drawing, each row is a cache line of 64 bytes and each character a byte: a letter for a
field, a dot for padding. Of blocks that store columns, a table shows each stream of bytes: what
it has of its field, its encodings, its bytes without and with them, and its share of all streams.

"#]]);
}
