//! Lines of a web server's log.

use super::{Random, Shape, elements, stored, sum_of};
use hydra::ViewMut;
use hydra::reflect::Slot;
use rkyv::seal::Seal;

stored! {
    #[derive(Copy)]
    pub struct Address {
        pub a: u8,
        pub b: u8,
        pub c: u8,
        pub d: u8,
    }
    pub struct Line {
        pub address: Address,
        pub identity: String,
        pub user: String,
        pub date: String,
        pub request: String,
        pub code: u16,
        pub bytes: u64,
    }
    pub struct Logs {
        pub lines: Vec<Line>,
    }
}

fn line(random: &mut Random) -> Line {
    let octet = |random: &mut Random| random.below(256) as u8;
    let address = Address { a: octet(random), b: octet(random), c: octet(random), d: octet(random) };
    let user = match random.below(3) {
        0 => "-".to_string(),
        _ => format!(
            "{}{}",
            random.pick(&["ada", "grace", "konrad", "edsger", "barbara", "niklaus"]),
            random.below(1000)
        ),
    };
    let date = format!(
        "{:02}/{}/{}:{:02}:{:02}:{:02} +0000",
        1 + random.below(28),
        random.pick(&["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]),
        1990 + random.below(36),
        random.below(24),
        random.below(60),
        random.below(60)
    );
    let method = random.pick(&["GET", "GET", "GET", "POST", "PUT", "DELETE"]);
    let route = random.pick(&[
        "/",
        "/index.html",
        "/assets/site.css",
        "/api/v2/orders",
        "/api/v2/orders/recent",
        "/images/logo.svg",
        "/articles/about-us",
    ]);
    let request = format!("{method} {route}?session={} HTTP/1.1", random.below(1 << 30));
    let code = [200, 200, 200, 200, 204, 301, 304, 403, 404, 500][random.below(10)];
    Line { address, identity: "-".to_string(), user, date, request, code, bytes: random.next() % 100_000_000 }
}

#[inline(always)]
fn of_line(line: hydra::View<'_, Line>) -> u64 {
    u64::from(line.address().a()) + u64::from(line.code()) + line.bytes()
}

#[inline(always)]
fn of_archived(line: &ArchivedLine) -> u64 {
    u64::from(line.address.a) + u64::from(line.code.to_native()) + line.bytes.to_native()
}

impl Shape for Logs {
    const NAME: &'static str = "log";

    fn make(scale: usize) -> Logs {
        let mut random = Random(1);
        Logs { lines: (0..scale * 1_000).map(|_| line(&mut random)).collect() }
    }

    fn few(logs: hydra::View<'_, Logs>) -> u64 {
        logs.lines().iter().map(of_line).sum()
    }

    fn few_rkyv(logs: &ArchivedLogs) -> u64 {
        logs.lines.iter().map(of_archived).sum()
    }

    fn passed(logs: hydra::View<'_, Logs>) -> u64 {
        #[inline(never)]
        fn of(line: hydra::View<'_, Line>) -> u64 {
            of_line(line)
        }
        logs.lines().iter().map(of).sum()
    }

    fn passed_rkyv(logs: &ArchivedLogs) -> u64 {
        #[inline(never)]
        fn of(line: &ArchivedLine) -> u64 {
            of_archived(line)
        }
        logs.lines.iter().map(of).sum()
    }

    fn strings(logs: hydra::View<'_, Logs>) -> u64 {
        let lines = logs.lines().iter();
        lines
            .map(|line| {
                sum_of(line.identity()) + sum_of(line.user()) + sum_of(line.date()) + sum_of(line.request())
            })
            .sum()
    }

    fn strings_rkyv(logs: &ArchivedLogs) -> u64 {
        let lines = logs.lines.iter();
        lines
            .map(|line| {
                sum_of(&line.identity) + sum_of(&line.user) + sum_of(&line.date) + sum_of(&line.request)
            })
            .sum()
    }

    fn update(&mut self) {
        for line in &mut self.lines {
            line.code ^= 1;
            line.bytes ^= 1;
        }
    }

    fn updater() -> hydra::Result<impl FnMut(&mut ViewMut<'_, Logs>) -> hydra::Result<()>> {
        let lines = Slot::<Logs, Vec<Line>>::new("lines")?;
        let (code, bytes) = (Slot::<Line, u16>::new("code")?, Slot::<Line, u64>::new("bytes")?);
        Ok(move |logs: &mut ViewMut<'_, Logs>| {
            logs.list(&lines).each(|mut line| {
                let (new_code, new_bytes) = (line.view().code() ^ 1, line.view().bytes() ^ 1);
                line.set(&code, new_code)?;
                line.set(&bytes, new_bytes)
            })
        })
    }

    fn update_rkyv(logs: Seal<'_, ArchivedLogs>) {
        // SAFETY: numbers are assigned to numbers; nothing is moved.
        let logs = unsafe { logs.unseal_unchecked() };
        for line in elements(&mut logs.lines) {
            line.code = (line.code.to_native() ^ 1).into();
            line.bytes = (line.bytes.to_native() ^ 1).into();
        }
    }
}
