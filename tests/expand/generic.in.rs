#[hydra(name = "Pair2", version = 2)]
struct Pair<A, const N: usize, B: Clone = u8> {
    first: [A; N],
    second: Option<B>,
}
