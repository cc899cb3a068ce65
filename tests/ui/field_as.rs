// 10 errors: each field, once
use hydra::Hydra;

struct NotClone(u64);

impl TryFrom<u64> for NotClone {
    type Error = String;
    fn try_from(number: u64) -> Result<NotClone, String> {
        Ok(NotClone(number))
    }
}

impl TryFrom<NotClone> for u64 {
    type Error = String;
    fn try_from(value: NotClone) -> Result<u64, String> {
        Ok(value.0)
    }
}

#[derive(Hydra)]
struct List {
    id: u8,
    #[hydra(as = u64)]
    counts: Vec<usize>,
    tail: String,
}

#[derive(Hydra)]
struct Clones {
    #[hydra(as = u64)]
    value: NotClone,
}

#[derive(Hydra)]
struct Generic<T> {
    #[hydra(as = u64)]
    value: T,
}

#[derive(Hydra)]
enum Shape {
    Named {
        #[hydra(as = u64)]
        counts: Vec<usize>,
    },
    Tuple(u8, #[hydra(as = u64)] Vec<usize>),
}

#[derive(Hydra)]
struct Newtype(#[hydra(as = u64)] Vec<usize>);

#[derive(Hydra)]
#[hydra(transparent)]
struct Transparent(#[hydra(as = u64)] Vec<usize>);

#[derive(Hydra)]
#[hydra(view = ViewedView)]
struct Viewed(#[hydra(as = u64)] Vec<usize>);

#[derive(Hydra)]
struct Default {
    #[hydra(as = u64, default)]
    counts: Vec<usize>,
}

#[derive(Hydra)]
struct NotStored {
    #[hydra(as = usize)]
    count: u64,
}

fn main() {}
