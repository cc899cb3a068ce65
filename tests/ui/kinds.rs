// 6 errors
use hydra::Hydra;

#[derive(Hydra)]
union Bits {
    a: u32,
    b: f32,
}

#[derive(Hydra)]
struct Borrowed<'a> {
    text: &'a str,
}

#[derive(Hydra)]
#[repr(C, packed)]
struct Packed {
    a: u8,
    b: u32,
}

#[derive(Hydra)]
#[repr(align(128))]
struct Wide {
    a: u8,
}

macro_rules! number {
    () => { u64 };
}

#[derive(Hydra)]
struct Hidden {
    a: Vec<number!()>,
}

#[derive(Hydra)]
enum Never {}

fn main() {}
