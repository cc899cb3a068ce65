//! Triangles of a surface.

use super::{Builder, Flat, Made, fb};
use crate::memory::shapes::mesh::{Mesh, Triangle, Vector};

fn write_vector(vector: Vector) -> fb::Vector {
    fb::Vector::new(vector.x, vector.y, vector.z)
}

fn write_triangle(triangle: &Triangle) -> fb::Triangle {
    let [a, b, c, normal] = [triangle.a, triangle.b, triangle.c, triangle.normal].map(write_vector);
    fb::Triangle::new(&a, &b, &c, &normal)
}

fn read_vector(vector: &fb::Vector) -> Vector {
    Vector { x: vector.x(), y: vector.y(), z: vector.z() }
}

fn read_triangle(triangle: &fb::Triangle) -> Triangle {
    Triangle {
        a: read_vector(triangle.a()),
        b: read_vector(triangle.b()),
        c: read_vector(triangle.c()),
        normal: read_vector(triangle.normal()),
    }
}

impl Flat for Mesh {
    type Root<'a> = fb::Mesh<'a>;

    fn write(&self, builder: &mut Builder) -> Made<fb::Mesh<'static>> {
        let triangles = Some(builder.create_vector_from_iter(self.triangles.iter().map(write_triangle)));
        fb::Mesh::create(builder, &fb::MeshArgs { triangles })
    }

    fn read(mesh: fb::Mesh<'_>) -> Mesh {
        Mesh { triangles: mesh.triangles().iter().map(read_triangle).collect() }
    }

    fn few_flat(mesh: fb::Mesh<'_>) -> u64 {
        let bits = |triangle: &fb::Triangle| {
            u64::from(triangle.normal().x().to_bits() ^ triangle.normal().z().to_bits())
        };
        mesh.triangles().iter().map(bits).sum()
    }
}
