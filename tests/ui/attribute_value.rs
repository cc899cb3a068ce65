// 9 errors
use hydra::Hydra;

#[derive(Hydra)]
#[hydra(version = "one", rename_all = "Kebab", plain = true)]
struct Log {
    #[hydra(rename)]
    time: u64,
    #[hydra(attr)]
    a: u8,
    #[hydra(attr(unit = x))]
    b: u8,
    #[hydra(skip default)]
    c: u8,
}
#[derive(Hydra)]
#[hydra]
struct Empty;
#[derive(Hydra)]
#[hydra(bound = "T Clone")]
struct Bound<T>(T);

fn main() {}
