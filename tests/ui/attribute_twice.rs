// 2 errors
use hydra::Hydra;

#[derive(Hydra)]
#[hydra(name = "A", name = "B")]
struct Log {
    #[hydra(rename = "t")]
    #[hydra(rename = "u")]
    time: u64,
}

fn main() {}
