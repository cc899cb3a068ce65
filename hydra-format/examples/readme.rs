//! The program of the README, verbatim. Run it with `cargo run --example readme` in an empty directory.

use hydra::{Hydra, Reader, Writer};

#[derive(Hydra)]
struct Tick {
    symbol: String,
    price: f64,
}

fn main() -> hydra::Result<()> {
    let mut file = Writer::create("day.hydra")?;
    let ticks = file.table::<Tick>()?;
    file.append(ticks, &Tick { symbol: "HYDR".into(), price: 9.5 })?;
    file.finish()?;
    let ticks = Reader::open("day.hydra")?.table::<Tick>()?;
    println!("{} at {}", ticks.get(0)?.view().symbol(), ticks.get(0)?.value().path("price")?);
    Ok(())
}
