// 1 error
use hydra::Hydra;

#[derive(Hydra)]
#[hydra(plain)]
#[repr(C)]
struct Tick {
    a: u64,
}

fn main() {}
