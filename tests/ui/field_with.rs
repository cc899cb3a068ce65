// 2 errors
use hydra::Hydra;

struct Text;

#[derive(Hydra)]
struct Log {
    #[hydra(with = Text)]
    address: std::net::IpAddr,
    #[hydra(opaque)]
    blob: Vec<u8>,
}

#[derive(Hydra)]
struct Other {
    #[hydra(with = Text)]
    address: std::net::IpAddr,
}

fn main() {}
