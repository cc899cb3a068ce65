// 6 errors
use hydra::Hydra;

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
struct NoRepr {
    a: u64,
}

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
struct Id(u64);

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
enum Side {
    Buy,
}

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
#[repr(u8)]
enum Shape {
    Circle { r: f64 },
}

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
#[repr(C)]
struct Generic<T> {
    t: T,
}

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
#[repr(C)]
struct Skips {
    a: u64,
    #[hydra(skip)]
    b: u64,
}

fn main() {}
