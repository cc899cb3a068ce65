// 1 error
use hydra::Hydra;

#[derive(Hydra)]
enum Event {
    Moved(u8, Vec<std::path::PathBuf>),
}

fn main() {}
