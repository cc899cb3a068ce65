// 2 errors: the compiler reports a type inside a list, in a struct, once for `Hydra` and once for what `Hydra` asks for
use hydra::Hydra;

#[derive(Hydra)]
struct Log {
    nested: Vec<std::path::PathBuf>,
}

fn main() {}
