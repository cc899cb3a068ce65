//! What the command says about itself.

use super::Place;
use snapbox::str;

#[test]
fn the_command() {
    Place::new().run(&["--help"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![]);
    Place::new().run(&["--version"]).code(0).stdout_eq(str![]);
}

#[test]
fn inspect() {
    Place::new().run(&["inspect", "--help"]).code(0).stdout_eq(str![]);
}

#[test]
fn schema() {
    Place::new().run(&["schema", "--help"]).code(0).stdout_eq(str![]);
}

#[test]
fn cat() {
    Place::new().run(&["cat", "--help"]).code(0).stdout_eq(str![]);
}

#[test]
fn check() {
    Place::new().run(&["check", "--help"]).code(0).stdout_eq(str![]);
}

#[test]
fn convert() {
    Place::new().run(&["convert", "--help"]).code(0).stdout_eq(str![]);
}

#[test]
fn usage_is_exit_code_2() {
    let place = Place::new();
    for args in [&[][..], &["frobnicate"], &["cat"], &["cat", "-f", "xml", "x"], &["convert", "a.csv"]] {
        place.run(args).code(2).stdout_eq(str![[""]]);
    }
}
