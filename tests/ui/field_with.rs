// 1 errors
use hydra::Hydra;

struct Text;

#[derive(Hydra)]
struct Log {
    #[hydra(with = Text)]
    address: std::net::IpAddr,
}

fn main() {}
