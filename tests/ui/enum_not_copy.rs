// 1 error
use hydra::Hydra;

#[derive(Hydra)]
enum Side {
    Buy,
    Sell,
}

fn main() {}
