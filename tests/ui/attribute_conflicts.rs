// 4 errors
use hydra::Hydra;

struct Text;

#[derive(Hydra)]
struct Log {
    #[hydra(
        with = Text,
        as = u64,
    )]
    a: u64,
    #[hydra(readonly, settable)]
    b: u64,
    #[hydra(alias = "old", alias = "older", skip)]
    c: u64,
    #[hydra(opaque, as = u32)]
    d: u64,
}

fn main() {}
