//! Triangles of a surface: nothing but numbers.

use super::{Random, Shape, elements, stored};
use hydra::ViewMut;
use hydra::reflect::Slot;
use rkyv::seal::Seal;

stored! {
    #[derive(Copy)]
    #[repr(C)]
    #[hydra(plain)]
    #[wincode(assert_zero_copy)]
    pub struct Vector {
        pub x: f32,
        pub y: f32,
        pub z: f32,
    }
    #[derive(Copy)]
    #[repr(C)]
    #[hydra(plain)]
    #[wincode(assert_zero_copy)]
    pub struct Triangle {
        pub a: Vector,
        pub b: Vector,
        pub c: Vector,
        pub normal: Vector,
    }
    pub struct Mesh {
        pub triangles: Vec<Triangle>,
    }
}

fn vector(random: &mut Random) -> Vector {
    Vector { x: random.part(), y: random.part(), z: random.part() }
}

fn triangle(random: &mut Random) -> Triangle {
    Triangle { a: vector(random), b: vector(random), c: vector(random), normal: vector(random) }
}

#[inline(always)]
fn of_triangle(triangle: &Triangle) -> u64 {
    u64::from(triangle.normal.x.to_bits() ^ triangle.normal.z.to_bits())
}

#[inline(always)]
fn of_archived(triangle: &ArchivedTriangle) -> u64 {
    u64::from(triangle.normal.x.to_native().to_bits() ^ triangle.normal.z.to_native().to_bits())
}

impl Shape for Mesh {
    const NAME: &'static str = "mesh";

    fn make(scale: usize) -> Mesh {
        let mut random = Random(2);
        Mesh { triangles: (0..scale * 12_500).map(|_| triangle(&mut random)).collect() }
    }

    fn few(mesh: hydra::View<'_, Mesh>) -> u64 {
        mesh.triangles().iter().map(of_triangle).sum()
    }

    fn few_rkyv(mesh: &ArchivedMesh) -> u64 {
        mesh.triangles.iter().map(of_archived).sum()
    }

    fn passed(mesh: hydra::View<'_, Mesh>) -> u64 {
        #[inline(never)]
        fn of(triangle: &Triangle) -> u64 {
            of_triangle(triangle)
        }
        mesh.triangles().iter().map(of).sum()
    }

    fn passed_rkyv(mesh: &ArchivedMesh) -> u64 {
        #[inline(never)]
        fn of(triangle: &ArchivedTriangle) -> u64 {
            of_archived(triangle)
        }
        mesh.triangles.iter().map(of).sum()
    }

    fn strings(_: hydra::View<'_, Mesh>) -> u64 {
        0
    }

    fn strings_rkyv(_: &ArchivedMesh) -> u64 {
        0
    }

    fn update(&mut self) {
        self.triangles.iter_mut().for_each(|triangle| triangle.normal.z += 1.0);
    }

    fn updater() -> hydra::Result<impl FnMut(&mut ViewMut<'_, Mesh>) -> hydra::Result<()>> {
        let triangles = Slot::<Mesh, Vec<Triangle>>::new("triangles")?;
        let height = Slot::<Triangle, f32>::new("normal.z")?;
        Ok(move |mesh: &mut ViewMut<'_, Mesh>| {
            mesh.list(&triangles).each(|mut triangle| {
                let new = triangle.view().normal().z() + 1.0;
                triangle.set(&height, new)
            })
        })
    }

    fn update_rkyv(mesh: Seal<'_, ArchivedMesh>) {
        // SAFETY: numbers are assigned to numbers; nothing is moved.
        let mesh = unsafe { mesh.unseal_unchecked() };
        for triangle in elements(&mut mesh.triangles) {
            triangle.normal.z = (triangle.normal.z.to_native() + 1.0).into();
        }
    }
}
