// 1 error
use hydra::Hydra;

#[derive(Hydra)]
struct Log {
    len: usize,
    #[hydra(as = i64)]
    fine: isize,
}

fn main() {}
