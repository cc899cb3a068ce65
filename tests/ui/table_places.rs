// 11 errors
use hydra::Hydra;

// What a field of a newtype has no place for.
#[derive(Hydra)]
struct Newtype(#[hydra(rename = "x", alias = "y", default, attr(unit = "ms"))] u8);

// The same where it is the only one that is stored.
#[derive(Hydra)]
#[hydra(transparent)]
struct Transparent(#[hydra(skip, default = 1)] u8, #[hydra(default = 7)] u8);

#[derive(Hydra)]
enum Shape {
    Tuple(#[hydra(rename = "x")] u8, #[hydra(alias = "fine", default = 7)] u8),
    Empty {},
}

#[derive(Hydra)]
#[hydra(rename_all = "UPPERCASE")]
struct Nameless(u8, u8);

#[derive(Hydra)]
#[hydra(rename_all = "UPPERCASE")]
struct Unit;

#[derive(Hydra)]
#[hydra(transparent, version = 2)]
struct Versioned(u8);

// An attribute of one place in another.
#[derive(Hydra)]
#[hydra(as = u64)]
struct Type {
    #[hydra(tag = 7)]
    field: u8,
}

fn main() {}
