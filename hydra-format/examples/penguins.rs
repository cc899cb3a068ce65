//! An example with real data: it reads `data/penguins.csv` into a derived type, writes a Hydra file, maps it,
//! and computes the mean body mass of each species. Run it with `cargo run --example penguins [IN.csv
//! [OUT.hydra]]`.

use hydra::{Hydra, Map, Reader, Writer};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A penguin of the Palmer Archipelago.
#[derive(Hydra)]
struct Penguin {
    species: Species,
    island: String,
    #[hydra(attr(unit = "mm"))]
    bill_length: Option<f64>,
    #[hydra(attr(unit = "mm"))]
    bill_depth: Option<f64>,
    #[hydra(attr(unit = "mm"))]
    flipper_length: Option<u16>,
    #[hydra(attr(unit = "g"))]
    body_mass: Option<u16>,
    sex: Option<Sex>,
    year: u16,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Species {
    Adelie,
    Chinstrap,
    Gentoo,
}

#[derive(Hydra, Clone, Copy)]
enum Sex {
    Female,
    Male,
}

impl FromStr for Species {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "Adelie" => Ok(Species::Adelie),
            "Chinstrap" => Ok(Species::Chinstrap),
            "Gentoo" => Ok(Species::Gentoo),
            _ => Err(format!("no species {text:?}")),
        }
    }
}

impl FromStr for Sex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "female" => Ok(Sex::Female),
            "male" => Ok(Sex::Male),
            _ => Err(format!("no sex {text:?}")),
        }
    }
}

/// Parses one cell. The file has no quoted cells and writes a missing value as `NA`.
fn cell<T: FromStr<Err: ToString>>(cells: &[&str], column: usize) -> Result<Option<T>, String> {
    match cells.get(column) {
        None => Err(format!("no column {column}")),
        Some(&"NA") => Ok(None),
        Some(text) => {
            text.parse().map(Some).map_err(|error: T::Err| format!("{text:?}: {}", error.to_string()))
        }
    }
}

fn parse(line: &str) -> Result<Penguin, String> {
    let cells: Vec<&str> = line.split(',').collect();
    Ok(Penguin {
        species: cell(&cells, 0)?.ok_or("no species")?,
        island: cell(&cells, 1)?.ok_or("no island")?,
        bill_length: cell(&cells, 2)?,
        bill_depth: cell(&cells, 3)?,
        flipper_length: cell(&cells, 4)?,
        body_mass: cell(&cells, 5)?,
        sex: cell(&cells, 6)?,
        year: cell(&cells, 7)?.ok_or("no year")?,
    })
}

fn write(csv: &Path, output: &Path) -> Result<usize, Box<dyn Error>> {
    let text = std::fs::read_to_string(csv)?;
    let mut file = Writer::create(output)?;
    let penguins = file.table::<Penguin>()?;
    let mut count = 0;
    for (number, line) in text.lines().enumerate().skip(1) {
        let penguin = parse(line).map_err(|what| format!("{}:{}: {what}", csv.display(), number + 1))?;
        file.append(penguins, &penguin)?;
        count += 1;
    }
    file.set_metadata("source", "https://allisonhorst.github.io/palmerpenguins/ (CC0)")?;
    file.finish()?;
    Ok(count)
}

/// Returns the number and the sum of the body masses of each species.
fn masses(path: &Path) -> hydra::Result<BTreeMap<Species, (u32, u32)>> {
    // SAFETY: the file was written above, and no other program changes or truncates it while the map exists.
    #[allow(unsafe_code)]
    let map = unsafe { Map::open(path)? };
    let mut masses = BTreeMap::new();
    for block in Reader::map(map)?.table::<Penguin>()?.blocks() {
        for penguin in &block? {
            if let Some(mass) = penguin.body_mass() {
                let (count, sum) = masses.entry(penguin.species()).or_insert((0, 0));
                *count += 1;
                *sum += u32::from(mass);
            }
        }
    }
    Ok(masses)
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/penguins.csv");
    let mut arguments = std::env::args_os().skip(1);
    let csv = arguments.next().map_or(data, PathBuf::from);
    let output = arguments.next().map_or("penguins.hydra".into(), PathBuf::from);
    let count = write(&csv, &output)?;
    println!("{count} penguins in {}", output.display());
    for (species, (count, sum)) in masses(&output)? {
        println!(
            "{:<10} {count:>4} weighed, {:.1} g on average",
            format!("{species:?}"),
            f64::from(sum) / f64::from(count)
        );
    }
    Ok(())
}
