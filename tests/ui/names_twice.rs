// 4 errors
use hydra::Hydra;

#[derive(Hydra)]
#[hydra(rename_all = "lowercase")]
struct Log {
    time: u64,
    #[hydra(rename = "time")]
    when: u64,
    #[hydra(alias = "a", alias = "a")]
    b: u64,
    #[hydra(rename = "")]
    c: u64,
}

#[derive(Hydra, Clone, Copy)]
enum Side {
    Buy,
    #[hydra(rename = "Buy")]
    Sell,
}

fn main() {}
