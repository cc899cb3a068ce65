// 2 errors
use hydra::Hydra;

#[derive(Hydra)]
pub struct Log {
    pub time: u64,
    #[hydra(opaque)]
    pub address: std::net::IpAddr,
}

#[derive(Hydra)]
#[hydra(view = ItemView)]
pub enum Item {
    One(#[hydra(opaque)] std::net::IpAddr),
    Two,
}

fn main() {}
