//! Records whose fields are summed in the same way in every format, so that each comes to the same sum.

use crate::AnyResult;
use crate::peers::columns::Arrays;
use arrow_array::builder::{ListBuilder, UInt32Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int16Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, Float64Array, Int16Array, StringArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field};
use hydra::{Reader, Table, View};
use std::sync::Arc;

/// The scans of a sample: the first reads one number, the second one float or text, the third three fields,
/// the last all.
pub const SCANS: usize = 4;

/// A kind of record. Scans have numbers; `sum` adds up the fields of one.
pub trait Sample: hydra::Hydra + Arrays + Clone + 'static {
    /// The name and the fields of each scan, by ascending index.
    const SCANS: [(&'static str, &'static [usize]); SCANS];

    fn sum<const SCAN: usize>(&self) -> u64;

    fn sum_view<const SCAN: usize>(view: View<'_, Self>) -> u64;

    /// Returns the sum of all records, read as a type with no other fields than those of the scan.
    fn sum_narrow<const SCAN: usize>(reader: &Reader, table: &str) -> hydra::Result<u64>;

    /// Returns the sum of all records, one field after the other.
    fn sum_columns<const SCAN: usize>(table: &Table<Self>) -> hydra::Result<u64>;
}

/// Returns the sum of the values of a column.
pub fn sum_column<C: hydra::Hydra>(table: Table<C>) -> hydra::Result<u64>
where
    for<'a> View<'a, C>: Term,
{
    table.blocks().try_fold(0, |sum: u64, block| {
        let block = block?;
        Ok(block.into_iter().fold(sum, |sum, view| sum.wrapping_add(view.term())))
    })
}

/// What a field adds to a sum: a number its bits, a text its length and first byte, an option its value.
pub trait Term {
    fn term(&self) -> u64;
}

macro_rules! terms {
    ($($ty:ty, |$value:ident| $term:expr;)*) => {$(
        impl Term for $ty {
            #[inline(always)]
            fn term(&self) -> u64 {
                let $value = self;
                $term
            }
        }
    )*};
}
terms! {
    u8, |value| u64::from(*value);
    u16, |value| u64::from(*value);
    u32, |value| u64::from(*value);
    u64, |value| *value;
    i16, |value| u64::from(value.cast_unsigned());
    f64, |value| value.to_bits();
    &str, |text| text.len() as u64 + u64::from(text.as_bytes().first().copied().unwrap_or_default());
    String, |text| text.as_str().term();
    &[u32], |items| items.iter().fold(0, |sum: u64, item| sum.wrapping_add(u64::from(*item)));
    Vec<u32>, |items| items.as_slice().term();
}

impl<T: Term> Term for Option<T> {
    #[inline(always)]
    fn term(&self) -> u64 {
        self.as_ref().map_or(0, Term::term)
    }
}

/// A type of a field in Arrow.
pub trait ArrowField: Sized {
    fn data_type() -> DataType;

    fn array<'a>(items: impl Iterator<Item = &'a Self>) -> ArrayRef
    where
        Self: 'a;

    fn is_nullable() -> bool {
        false
    }
}

macro_rules! arrow_fields {
    ($($ty:ty, $data_type:ident, $array:ident;)*) => {$(
        impl ArrowField for $ty {
            fn data_type() -> DataType {
                DataType::$data_type
            }

            fn array<'a>(items: impl Iterator<Item = &'a Self>) -> ArrayRef {
                Arc::new($array::from_iter_values(items.cloned()))
            }
        }

        impl ArrowField for Option<$ty> {
            fn data_type() -> DataType {
                DataType::$data_type
            }

            fn array<'a>(items: impl Iterator<Item = &'a Self>) -> ArrayRef {
                Arc::new($array::from_iter(items.cloned()))
            }

            fn is_nullable() -> bool {
                true
            }
        }
    )*};
}
arrow_fields! {
    u8, UInt8, UInt8Array;
    u16, UInt16, UInt16Array;
    u32, UInt32, UInt32Array;
    u64, UInt64, UInt64Array;
    i16, Int16, Int16Array;
    f64, Float64, Float64Array;
    String, Utf8, StringArray;
}

impl ArrowField for Vec<u32> {
    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new_list_field(DataType::UInt32, false)))
    }

    fn array<'a>(items: impl Iterator<Item = &'a Self>) -> ArrayRef {
        let mut lists =
            ListBuilder::new(UInt32Builder::new()).with_field(Field::new_list_field(DataType::UInt32, false));
        for item in items {
            lists.values().append_slice(item);
            lists.append(true);
        }
        Arc::new(lists.finish())
    }
}

/// Returns the sum of an array of any of these types.
pub fn sum_array(array: &dyn Array) -> AnyResult<u64> {
    fn numbers<T: ArrowPrimitiveType<Native: Term>>(array: &dyn Array) -> u64 {
        let array = array.as_primitive::<T>();
        let add = |sum: u64, value: T::Native| sum.wrapping_add(value.term());
        match array.null_count() {
            0 => array.values().iter().copied().fold(0, add),
            _ => array.iter().flatten().fold(0, add),
        }
    }
    Ok(match array.data_type() {
        DataType::UInt8 => numbers::<UInt8Type>(array),
        DataType::UInt16 => numbers::<UInt16Type>(array),
        DataType::UInt32 => numbers::<UInt32Type>(array),
        DataType::UInt64 => numbers::<UInt64Type>(array),
        DataType::Int16 => numbers::<Int16Type>(array),
        DataType::Float64 => numbers::<Float64Type>(array),
        DataType::Utf8 => {
            array.as_string::<i32>().iter().fold(0, |sum: u64, text| sum.wrapping_add(text.term()))
        }
        // The elements of a part of the lists.
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            let (first, last) = (lists.value_offsets().first(), lists.value_offsets().last());
            let (first, last) = (first.map_or(0, |at| *at as usize), last.map_or(0, |at| *at as usize));
            sum_array(&lists.values().slice(first, last - first))?
        }
        other => return Err(format!("no sum of {other}").into()),
    })
}

/// Implements [`Sample`] and what Arrow needs for a record with these fields, in order.
macro_rules! sample {
    (@arrays $name:ident { $($field:ident: $ty:ty),* }) => {
        impl crate::peers::columns::Arrays for $name {
            fn fields() -> Vec<arrow_schema::Field> {
                vec![$({
                    use crate::columns::sample::ArrowField as Arrow;
                    let nullable = <$ty as Arrow>::is_nullable();
                    arrow_schema::Field::new(stringify!($field), <$ty as Arrow>::data_type(), nullable)
                }),*]
            }

            fn arrays(records: &[$name]) -> Vec<arrow_array::ArrayRef> {
                use crate::columns::sample::ArrowField;
                vec![$(<$ty>::array(records.iter().map(|record| &record.$field))),*]
            }
        }
    };
    ($name:ident { $($number:literal $scan:literal: $($index:literal $field:ident: $ty:ty),*;)* }) => {
        impl crate::columns::sample::Sample for $name {
            const SCANS: [(&'static str, &'static [usize]); crate::columns::sample::SCANS] =
                [$(($scan, &[$($index),*])),*];

            #[inline(always)]
            fn sum<const SCAN: usize>(&self) -> u64 {
                use crate::columns::sample::Term;
                match SCAN {
                    $($number => 0u64 $(.wrapping_add(self.$field.term()))*,)*
                    _ => 0,
                }
            }

            #[inline(always)]
            fn sum_view<const SCAN: usize>(view: hydra::View<'_, $name>) -> u64 {
                use crate::columns::sample::Term;
                match SCAN {
                    $($number => 0u64 $(.wrapping_add(view.$field().term()))*,)*
                    _ => 0,
                }
            }

            fn sum_narrow<const SCAN: usize>(reader: &hydra::Reader, table: &str) -> hydra::Result<u64> {
                use crate::columns::sample::Term;
                match SCAN {
                    $($number => {
                        #[derive(Hydra)]
                        #[hydra(view = PartView)]
                        struct Part {
                            $($field: $ty,)*
                        }
                        reader.table_named::<Part>(table)?.blocks().try_fold(0, |sum: u64, block| {
                            Ok(block?.into_iter().fold(sum, |sum: u64, view| {
                                sum $(.wrapping_add(view.$field().term()))*
                            }))
                        })
                    })*
                    _ => Ok(0),
                }
            }

            fn sum_columns<const SCAN: usize>(table: &hydra::Table<$name>) -> hydra::Result<u64> {
                use crate::columns::sample::sum_column;
                match SCAN {
                    $($number => {
                        Ok(0u64 $(.wrapping_add(sum_column(table.column::<$ty>(stringify!($field))?)?))*)
                    })*
                    _ => Ok(0),
                }
            }
        }
    };
}
pub(crate) use sample;
