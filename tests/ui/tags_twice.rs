// 3 errors
use hydra::Hydra;

#[derive(Hydra, Clone, Copy)]
enum Side {
    #[hydra(tag = 7)]
    Buy,
    #[hydra(tag = 7)]
    Sell,
}

#[derive(Hydra, Clone, Copy)]
#[repr(u8)]
enum Mixed {
    #[hydra(tag = 1)]
    A,
    B,
}

#[derive(Hydra, Clone, Copy)]
#[repr(u8)]
enum Large {
    #[hydra(tag = 300)]
    A,
    #[hydra(other)]
    B,
    #[hydra(other)]
    C,
}

fn main() {}
