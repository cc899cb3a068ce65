//! Tests of awkward CSV: the types of columns, errors, and that no partial file is left behind.

use super::Place;
use snapbox::str;

/// Converts a CSV text. Returns the schema and the records as NDJSON.
fn import(csv: &str, options: &[&str]) -> (String, String) {
    let place = Place::with("in.csv", csv);
    let args = [&["convert"], options, &["in.csv", "in.hydra"]].concat();
    place.run(&args).code(0);
    (place.result(&["schema", "in.hydra"]), place.result(&["cat", "-f", "ndjson", "in.hydra"]))
}

#[test]
fn columns_become_what_all_their_cells_are() {
    let (schema, records) =
        import("i,u,f,b,t,none\n-1,18446744073709551615,1.10,true,x,\n0,0,2,false,,\n", &[]);
    assert_eq!(
        schema,
        "struct In {\n    i: i64,\n    u: u64,\n    f: f64,\n    b: bool,\n    t: Option<String>,\n    \
         none: Option<String>,\n}\n"
    );
    assert_eq!(
        records,
        concat!(
            r#"{"i":-1,"u":18446744073709551615,"f":1.1,"b":true,"t":"x","none":null}"#,
            "\n",
            r#"{"i":0,"u":0,"f":2.0,"b":false,"t":null,"none":null}"#,
            "\n"
        )
    );
}

#[test]
fn a_column_that_would_change_stays_text_and_that_is_said() {
    let csv = "zip,plus,big,precise,code,flag,note\n\
               01234,+5,18446744073709551616,0.12345678901234567891,0E0,true,1\n\
               99999,6,1,0.5,ABC,1,NA\n\
               99998,7,2,0.25,1E2,false,3\n\
               99997,8,3,0.125,2E2,false,4\n";
    let place = Place::with("in.csv", csv);
    place.run(&["convert", "in.csv", "in.hydra"]).code(0).stdout_eq(str![[""]]).stderr_eq(str![[r#"
note: in.csv: column zip stays text: "01234" in line 2 has a leading zero
note: in.csv: column plus stays text: "+5" in line 2 has a plus sign
note: in.csv: column precise stays text: "0.12345678901234567891" in line 2 has more digits or range than f64 keeps
note: in.csv: column code stays text: 1 of 4 cells are "ABC", the first in line 3
note: in.csv: column flag stays text: "1" in line 3 is a number and "true" in line 2 is a bool
note: in.csv: column note stays text: 1 of 4 cells are "NA", the first in line 3
note: in.csv: --null 'ABC' --null 'NA' reads exactly these cells as null

"#]]);
    assert_eq!(place.result(&["cat", "-f", "csv", "in.hydra"]), csv, "every cell comes back");
}

#[test]
fn null_is_an_unquoted_empty_cell_unless_it_is_named() {
    let csv = "a,b\n,\"\"\n1,NA\n";
    assert_eq!(import(csv, &[]).1, "{\"a\":null,\"b\":\"\"}\n{\"a\":1,\"b\":\"NA\"}\n");
    assert_eq!(import(csv, &["--null", "NA"]).1, "{\"a\":\"\",\"b\":\"\"}\n{\"a\":\"1\",\"b\":null}\n");
    let both = ["--null", "NA", "--null", ""];
    assert_eq!(import(csv, &both).1, "{\"a\":null,\"b\":\"\"}\n{\"a\":1,\"b\":null}\n");
    let quoted = import("a\n\"NA\"\nNA\n", &["--null", "NA"]);
    assert_eq!(quoted.1, "{\"a\":\"NA\"}\n{\"a\":null}\n");
    assert_eq!(import("a\n-\n1\n", &["--null", "-"]).1, "{\"a\":null}\n{\"a\":1}\n");
}

#[test]
fn line_ends_marks_and_quotes_are_read() {
    let plain = import("a,b\n1,x\n2,y\n", &[]);
    for other in [
        "\u{feff}a,b\r\n1,x\r\n2,y\r\n",
        "a,b\n1,x\n\n2,y",
        "\n\na,b\r1,x\r2,y\r",
        "\"a\",\"b\"\n\"1\",x\n2,\"y\"\n",
    ] {
        assert_eq!(import(other, &[]), plain, "{other:?}");
    }
    let awkward = import("a\n\"x\n\"\"y\"\", z\"\n5\" pipe\n", &[]);
    assert_eq!(awkward.1, "{\"a\":\"x\\n\\\"y\\\", z\"}\n{\"a\":\"5\\\" pipe\"}\n");
    assert_eq!(import("a\n1\n\n3\n", &[]).1, "{\"a\":1}\n{\"a\":null}\n{\"a\":3}\n", "one column: a null");
    assert_eq!(import("a,b\n", &[]).1, "");
}

#[test]
fn names_come_from_the_header_and_the_file() {
    let place = Place::with("daily weather-2024.csv", "time (UTC),\"a,b\",Größe\n1,2,3\n");
    place.run(&["convert", "daily weather-2024.csv", "out.hydra"]).code(0).stderr_eq(str![[""]]);
    assert!(
        place
            .result(&["schema", "out.hydra"])
            .starts_with("struct DailyWeather2024 {\n    \"time (UTC)\": i64,\n    \"a,b\": i64")
    );
    assert_eq!(place.result(&["cat", "-f", "csv", "out.hydra"]), "time (UTC),\"a,b\",Größe\n1,2,3\n");
}

/// Checks an input that is refused: exit code 1, one error, no file.
fn refused(csv: impl AsRef<[u8]>) -> String {
    let place = Place::with("in.csv", csv);
    let output = place.command(&["convert", "in.csv", "out.hydra"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(place.files(), ["in.csv"], "nothing is left behind");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn malformed_lines_are_refused_with_their_place() {
    snapbox::assert_data_eq!(
        refused("a,b\n1,2\n3\n"),
        str![[r#"
error[HY0611]: malformed CSV: a row has another number of cells
  --> in.csv, line 3, column 1: expected 2 cells, as in the header, found 1

"#]]
    );
    snapbox::assert_data_eq!(
        refused("a,b\n1,2\n3,4,5\n"),
        str![[r#"
error[HY0611]: malformed CSV: a row has another number of cells
  --> in.csv, line 3, column 5: expected 2 cells, as in the header, found 3

"#]]
    );
    snapbox::assert_data_eq!(
        refused("a,b\n1,\"2\n3,4\n"),
        str![[r#"
error[HY0611]: malformed CSV: an unterminated quote
  --> in.csv, line 2, column 3: expected a closing quote, found the end of the file

"#]]
    );
    snapbox::assert_data_eq!(
        refused("a,b\n1,\"2\"x\n"),
        str![[r#"
error[HY0611]: malformed CSV: text after a closing quote
  --> in.csv, line 2, column 6: expected a comma or the end of the line, found 'x'
  = help: a quote inside a quoted cell is written twice

"#]]
    );
    snapbox::assert_data_eq!(
        refused(b"a,b\n1,caf\xE9\n"),
        str![[r#"
error[HY0611]: malformed CSV: invalid UTF-8
  --> in.csv, line 2, column 6: expected UTF-8, found byte 0xe9
  = help: if it is Latin-1: iconv -f LATIN1 -t UTF-8

"#]]
    );
    snapbox::assert_data_eq!(
        refused(b"\xFF\xFEa\0"),
        str![[r#"
error[HY0611]: malformed CSV: invalid UTF-8
  --> in.csv, line 1, column 1: expected UTF-8, found byte 0xff
  = help: it may be UTF-16: iconv -f UTF-16 -t UTF-8

"#]]
    );
    snapbox::assert_data_eq!(
        refused("a,b,a\n1,2,3\n"),
        str![[r#"
error[HY0612]: two columns have the same name
  --> in.csv, line 1, column 5: expected distinct names, found "a" for columns 1 and 3
  = help: edit the first line: every column needs its own name

"#]]
    );
    snapbox::assert_data_eq!(
        refused("a,\n1,2\n"),
        str![[r#"
error[HY0612]: a column has no name
  --> in.csv, line 1, column 3: expected a name, found nothing, for column 2
  = help: edit the first line: every column needs its own name

"#]]
    );
    snapbox::assert_data_eq!(
        refused(""),
        str![[r#"
error[HY0612]: the file has no header
  --> in.csv: expected a line of column names, found no line

"#]]
    );
    snapbox::assert_data_eq!(
        refused(format!("{}\n1\n", "x".repeat(256))),
        str![[r#"
error[HY0612]: a column name is too long
  --> in.csv, line 1, column 1: expected at most 255 bytes, found 256
  = help: edit the first line: every column needs its own name

"#]]
    );
}

#[test]
fn many_rows_stream() {
    let rows: String = (0..50_000).map(|i| format!("{i},{}.5,name {i}\n", i * 3)).collect();
    let csv = format!("id,half,name\n{rows}");
    let place = Place::with("in.csv", &csv);
    place.run(&["convert", "in.csv", "in.hydra"]).code(0);
    assert_eq!(place.result(&["convert", "in.hydra", "-", "--to", "csv"]), csv);
}

#[test]
fn a_record_has_so_many_columns() {
    let names = |count: usize| (0..count).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",");
    let place = Place::with("in.csv", format!("{}\n{}1\n", names(4096), "1,".repeat(4095)));
    place.run(&["convert", "in.csv", "out.hydra"]).code(0).stderr_eq("");
    snapbox::assert_data_eq!(
        refused(names(4097)),
        str![[r#"
error[HY0612]: too many columns
  --> in.csv: expected at most 4096, found 4097

"#]]
    );
}
