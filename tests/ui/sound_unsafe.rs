// 3 errors: maxminddb GHSA-mj73-j457-8x9q, a safe constructor over a map; and nobody vouches for a type without `unsafe`
use hydra::{Describe, Descriptor, Map, Plain, Reader};

struct Mine(bool);

impl Describe for Mine {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;
    const FLAT: bool = true;
    const ANY_BITS: bool = true;
    const REFS: bool = false;
    const TYPE: &'static Descriptor = u8::TYPE;
}

impl Plain for Mine {}

fn main() {
    let _ = Reader::map(Map::open("day.hydra").unwrap());
}
