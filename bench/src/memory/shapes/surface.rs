//! Triangles as types that are not plain: one derive for each type, and no attribute.

use super::{Random, Shape, elements};
use hydra::reflect::Slot;
use hydra::{Hydra, View, ViewMut};
use rkyv::seal::Seal;

#[derive(Hydra, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize, Clone, Debug, PartialEq)]
pub struct Point {
    pub x: f32,
    pub y: f32,
    pub z: f32,
}

#[derive(Hydra, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize, Clone, Debug, PartialEq)]
pub struct Facet {
    pub a: Point,
    pub b: Point,
    pub c: Point,
    pub normal: Point,
}

#[derive(Hydra, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize, Clone, Debug, PartialEq)]
pub struct Surface {
    pub facets: Vec<Facet>,
}

fn point(random: &mut Random) -> Point {
    Point { x: random.part(), y: random.part(), z: random.part() }
}

fn facet(random: &mut Random) -> Facet {
    Facet { a: point(random), b: point(random), c: point(random), normal: point(random) }
}

#[inline(always)]
fn of_facet(facet: View<'_, Facet>) -> u64 {
    u64::from(facet.normal().x().to_bits() ^ facet.normal().z().to_bits())
}

#[inline(always)]
fn of_archived(facet: &ArchivedFacet) -> u64 {
    u64::from(facet.normal.x.to_native().to_bits() ^ facet.normal.z.to_native().to_bits())
}

impl Shape for Surface {
    const NAME: &'static str = "surface";

    fn make(scale: usize) -> Surface {
        let mut random = Random(2);
        Surface { facets: (0..scale * 12_500).map(|_| facet(&mut random)).collect() }
    }

    fn few(surface: View<'_, Surface>) -> u64 {
        surface.facets().iter().map(of_facet).sum()
    }

    fn few_rkyv(surface: &ArchivedSurface) -> u64 {
        surface.facets.iter().map(of_archived).sum()
    }

    fn passed(surface: View<'_, Surface>) -> u64 {
        #[inline(never)]
        fn of(facet: View<'_, Facet>) -> u64 {
            of_facet(facet)
        }
        surface.facets().iter().map(of).sum()
    }

    fn passed_rkyv(surface: &ArchivedSurface) -> u64 {
        #[inline(never)]
        fn of(facet: &ArchivedFacet) -> u64 {
            of_archived(facet)
        }
        surface.facets.iter().map(of).sum()
    }

    fn strings(_: View<'_, Surface>) -> u64 {
        0
    }

    fn strings_rkyv(_: &ArchivedSurface) -> u64 {
        0
    }

    fn update(&mut self) {
        self.facets.iter_mut().for_each(|facet| facet.normal.z += 1.0);
    }

    fn updater() -> hydra::Result<impl FnMut(&mut ViewMut<'_, Surface>) -> hydra::Result<()>> {
        let facets = Slot::<Surface, Vec<Facet>>::new("facets")?;
        let height = Slot::<Facet, f32>::new("normal.z")?;
        Ok(move |surface: &mut ViewMut<'_, Surface>| {
            surface.list(&facets).each(|mut facet| {
                let new = facet.view().normal().z() + 1.0;
                facet.set(&height, new)
            })
        })
    }

    fn update_rkyv(surface: Seal<'_, ArchivedSurface>) {
        // SAFETY: numbers are assigned to numbers; nothing is moved.
        let surface = unsafe { surface.unseal_unchecked() };
        for facet in elements(&mut surface.facets) {
            facet.normal.z = (facet.normal.z.to_native() + 1.0).into();
        }
    }
}
