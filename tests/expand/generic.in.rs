#[hydra(name = "Pair2", version = 2)]
struct Pair<A, B: Clone = u8> {
    first: A,
    second: Option<B>,
}
