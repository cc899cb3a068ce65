// 3 errors
use hydra::Hydra;

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
#[repr(C)]
struct Gap {
    a: u8,
    b: u32,
}

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
#[repr(C)]
struct Tail {
    a: u32,
    b: u8,
}

#[derive(Hydra, Clone, Copy)]
#[hydra(plain)]
#[repr(C)]
struct NotPlain {
    a: u32,
    b: Option<u32>,
}

fn main() {}
