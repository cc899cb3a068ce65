// 2 errors
use hydra::Hydra;

#[derive(Hydra)]
#[hydra(transparent, invariant = Even::check)]
struct Even(u32);

impl Even {
    fn check(&self) -> Result<(), &'static str> {
        if self.0 % 2 == 0 { Ok(()) } else { Err("odd") }
    }
}

#[derive(Hydra)]
#[hydra(transparent)]
struct Sealed(#[hydra(readonly)] u32);

fn main() {}
