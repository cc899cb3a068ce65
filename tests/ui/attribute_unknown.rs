// 5 errors
use hydra::Hydra;

#[derive(Hydra)]
#[hydra(nmae = "Other", versoin = 2)]
struct Log {
    #[hydra(renam = "t")]
    time: u64,
    #[hydra(frobnicate(x, y), tag = 3)]
    text: String,
}

fn main() {}
