//! Lines of a log.

use super::{Builder, Flat, Made, fb, list};
use crate::memory::shapes::log::{Address, Line, Logs};
use crate::memory::shapes::sum_of;

fn write_line(builder: &mut Builder, line: &Line) -> Made<fb::Line<'static>> {
    let Address { a, b, c, d } = line.address;
    let args = fb::LineArgs {
        address: Some(&fb::Address::new(a, b, c, d)),
        identity: Some(builder.create_string(&line.identity)),
        user: Some(builder.create_string(&line.user)),
        date: Some(builder.create_string(&line.date)),
        request: Some(builder.create_string(&line.request)),
        code: line.code,
        bytes: line.bytes,
    };
    fb::Line::create(builder, &args)
}

fn read_line(line: fb::Line<'_>) -> Line {
    let address = line.address();
    Line {
        address: Address { a: address.a(), b: address.b(), c: address.c(), d: address.d() },
        identity: line.identity().into(),
        user: line.user().into(),
        date: line.date().into(),
        request: line.request().into(),
        code: line.code(),
        bytes: line.bytes(),
    }
}

impl Flat for Logs {
    type Root<'a> = fb::Logs<'a>;

    fn write(&self, builder: &mut Builder) -> Made<fb::Logs<'static>> {
        let lines = list(builder, &self.lines, write_line);
        fb::Logs::create(builder, &fb::LogsArgs { lines })
    }

    fn read(logs: fb::Logs<'_>) -> Logs {
        Logs { lines: logs.lines().iter().map(read_line).collect() }
    }

    fn few_flat(logs: fb::Logs<'_>) -> u64 {
        let of = |line: fb::Line<'_>| u64::from(line.address().a()) + u64::from(line.code()) + line.bytes();
        logs.lines().iter().map(of).sum()
    }

    fn strings_flat(logs: fb::Logs<'_>) -> u64 {
        let of = |line: fb::Line<'_>| {
            sum_of(line.identity()) + sum_of(line.user()) + sum_of(line.date()) + sum_of(line.request())
        };
        logs.lines().iter().map(of).sum()
    }
}
