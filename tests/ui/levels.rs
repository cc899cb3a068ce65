// 5 errors
use hydra::Hydra;

#[derive(Hydra)]
#[hydra(transparent, version = -1)]
struct Log {
    time: u64,
}

#[derive(Hydra, Clone, Copy)]
#[hydra(view = SideView)]
enum Side {
    Buy,
}

#[derive(Hydra)]
#[hydra(transparent, name = "Other")]
struct Id(u64);

fn main() {}
