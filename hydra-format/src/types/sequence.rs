//! Lists and arrays.

use super::listed;
use crate::layout::rows::reflect::{Part, PartMut, Reflect, Scalar};
use crate::layout::rows::{At, Cursor, Hydra, Measure, Run, Sink, apart, compare_run};
use crate::{Error, ErrorKind, Result, memory};
use std::cmp::Ordering;
use std::fmt::{self, Formatter};

/// Measures the elements of one array: the first pass.
#[inline]
pub(super) fn measure_elements<T: Hydra>(elements: &[T], measure: &mut Measure) {
    if T::REFS {
        elements.iter().for_each(|element| element.measure(measure));
    }
}

/// Encodes the elements one after the other into `target`: the second pass.
#[inline]
pub(super) fn encode_elements<T: Hydra>(elements: &[T], target: &mut [u8], sink: &mut Sink<'_>) {
    match memory::bytes_of(elements) {
        Some([]) => {}
        Some(bytes) if bytes.len() == target.len() => memory::copy(target, bytes),
        _ => {
            let mut rest = target;
            for element in elements {
                let Some((slot, next)) = rest.split_at_mut_checked(T::SIZE) else { return };
                slot.fill(0);
                element.encode(slot, sink);
                rest = next;
            }
        }
    }
}

#[inline]
fn measure_list<T: Hydra>(list: &[T], measure: &mut Measure) {
    measure.array(T::ALIGN, T::SIZE, list.len());
    if T::REFS && !list.is_empty() {
        measure.nested(|measure| measure_elements(list, measure));
    } else if !T::BYTE {
        measure.leaves(list.len());
    }
}

fn encode_list<T: Hydra>(list: &[T], slot: &mut [u8], sink: &mut Sink<'_>) {
    let target = sink.room(slot, T::ALIGN, T::SIZE, list.len());
    encode_elements(list, target, sink);
}

fn decode_run<T: Hydra>(run: Run<'_>) -> Result<Vec<T>> {
    match memory::vec_of(run.bytes()) {
        Some(values) => Ok(values),
        None if run.count() == 0 => Ok(Vec::new()),
        None => apart::<T, _>(T::TYPE, || {
            let mut values = Vec::with_capacity(run.count());
            for element in run.elements(T::SIZE) {
                values.push(T::decode(element)?);
            }
            Ok(values)
        }),
    }
}

fn order_elements<T: Hydra>(left: &[T], right: &[T]) -> Ordering {
    let pairs = left.iter().zip(right);
    pairs
        .map(|(left, right)| left.order(right))
        .find(|ordering| ordering.is_ne())
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// The methods of `Hydra` for a type whose elements are the run that `$run` returns.
macro_rules! elements {
    (|$at:ident| $run:expr) => {
        type View<'a> = T::List<'a>;
        listed!();

        fn show(view: &Self::View<'_>, f: &mut Formatter<'_>) -> fmt::Result {
            let mut shown = f.debug_list();
            T::show_list(*view, &mut |element| _ = shown.entry(element));
            shown.finish()
        }

        #[inline]
        fn view($at: At<'_>) -> T::List<'_> {
            T::list($run)
        }

        fn compare($at: At<'_>, key: &Self) -> Ordering {
            compare_run($run, key)
        }

        fn order(&self, other: &Self) -> Ordering {
            order_elements(self, other)
        }
    };
}

macro_rules! list {
    ($($ty:ty),*) => {$(
        impl<T: Hydra> Reflect for $ty {
            fn scalar(&self) -> Scalar<'_> {
                match memory::bytes_of(self).filter(|_| T::BYTE) {
                    Some(bytes) => Scalar::Bytes(bytes),
                    None => Scalar::None,
                }
            }

            fn count(&self) -> usize {
                if T::BYTE { 0 } else { self.len() }
            }

            fn part(&self, index: usize) -> Option<Part<'_>> {
                self.get(index).filter(|_| !T::BYTE).map(Part::of)
            }

            fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
                self.get_mut(index).filter(|_| !T::BYTE).map(PartMut::of)
            }

            fn run(&self) -> Option<&[u8]> {
                memory::bytes_of(self)
            }

            #[inline]
            fn measure(&self, measure: &mut Measure) {
                measure_list(self, measure);
            }

            #[inline]
            fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
                encode_list(self, slot, sink);
            }
        }

        impl<T: Hydra> Hydra for $ty {
            elements!(|at| at.run::<T>());

            #[inline]
            fn check(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
                cursor.list::<T>(bytes, depth).is_some()
            }

            fn decode(at: At<'_>) -> Result<$ty> {
                decode_run(at.run::<T>()).map(Into::into)
            }
        }
    )*};
}
list!(Vec<T>, Box<[T]>);

impl<T: Hydra, const N: usize> Reflect for [T; N] {
    fn count(&self) -> usize {
        N
    }

    fn part(&self, index: usize) -> Option<Part<'_>> {
        self.get(index).map(Part::of)
    }

    fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
        self.get_mut(index).map(PartMut::of)
    }

    fn run(&self) -> Option<&[u8]> {
        memory::bytes_of(self)
    }

    #[inline]
    fn measure(&self, measure: &mut Measure) {
        measure_elements(self, measure);
    }

    #[inline]
    fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
        encode_elements(self, slot, sink);
    }
}

impl<T: Hydra, const N: usize> Hydra for [T; N] {
    elements!(|at| at.part(0, const { T::SIZE * N }).inline_run(N));

    #[inline]
    fn check(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
        N == 0 || cursor.elements::<T>(bytes, depth)
    }

    fn decode(at: At<'_>) -> Result<Self> {
        if let Some(array) = memory::read(at.bytes()) { Ok(array) } else { Ok(*Self::decode_boxed(at)?) }
    }

    fn decode_boxed(at: At<'_>) -> Result<Box<Self>> {
        let elements = decode_run(at.part(0, const { T::SIZE * N }).inline_run(N))?;
        let array = elements.into_boxed_slice().try_into();
        array.map_err(|_| Error::new(ErrorKind::BadValue).expected(format!("{N} elements")))
    }
}
