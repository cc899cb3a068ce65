// 4 errors
use hydra::Hydra;

struct Foreign;

#[derive(Hydra)]
struct Log {
    time: u64,
    bad: Foreign,
}

#[derive(Hydra)]
enum Shape {
    Circle { r: Foreign },
    Other(Box<Shape>, Foreign),
}

#[derive(Hydra)]
struct Newtype(Foreign);

fn main() {}
