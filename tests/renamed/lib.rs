//! A user's crate in which everything that a derive could trip over is in its way: unsafe code forbidden, docs and warnings
//! denied, every name of the prelude taken, and the library under another name.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unused, nonstandard_style)]
#![deny(rust_2018_idioms, clippy::all)]
#![allow(non_camel_case_types)]

/// Names of the prelude, and of primitive types, that mean something else here.
pub mod shadowed {
    use renamed::Hydra as Derive;

    macro_rules! shadow {
        ($($name:ident)*) => {$(
            /// In the way.
            #[derive(Debug)]
            pub struct $name;
        )*};
    }
    shadow! {
        Option Some None Result Ok Err Vec Box String Copy Clone Debug Default Sized Send Sync Drop Fn From Into Iterator
        AsRef Eq Ord PartialEq PartialOrd ToString Hydra Describe Reflect Value View At Run Field Self_ usize u8 u32 i128 bool
        u64
    }
    /// In the way.
    pub mod std {}
    /// In the way.
    pub mod core {}

    /// A struct of everything.
    #[derive(Derive, std_::fmt::Debug)]
    #[hydra(crate = renamed)]
    pub struct Everything<T, const N: std_::primitive::usize> {
        /// Documented.
        pub list: std_::vec::Vec<T>,
        /// Under a raw name.
        pub r#type: std_::string::String,
        into: std_::primitive::f64,
        #[hydra(skip)]
        #[allow(dead_code)]
        clone: std_::primitive::i8,
        #[hydra(as = std_::primitive::u64, default = 3)]
        view: std_::primitive::usize,
        #[deprecated = "use list"]
        /// Was in use.
        pub(crate) array: [std_::primitive::u16; N],
        pub(super) next: std_::option::Option<std_::boxed::Box<Self>>,
    }

    /// A pair.
    #[derive(Derive, std_::fmt::Debug)]
    #[hydra(crate = renamed, view = PairView)]
    pub struct Pair(pub std_::primitive::f32, std_::string::String);

    /// Names a number.
    #[derive(Derive, std_::fmt::Debug, std_::cmp::PartialEq)]
    #[hydra(crate = renamed)]
    pub struct Id(pub std_::primitive::u64);

    /// An enum with fields.
    #[derive(Derive, std_::fmt::Debug)]
    #[hydra(crate = renamed)]
    pub enum Shape<T> {
        /// A circle.
        Circle {
            /// Its radius.
            r#type: std_::primitive::f64,
        },
        /// Others.
        Group(std_::boxed::Box<Self>, #[hydra(skip)] std_::primitive::u8, T),
        /// Nothing.
        Empty,
    }

    /// A plain enum.
    #[derive(Derive, std_::fmt::Debug, std_::clone::Clone, std_::marker::Copy)]
    #[hydra(crate = renamed, plain)]
    #[repr(i8)]
    pub enum Side {
        /// To buy.
        Buy = 1,
        /// To sell.
        Sell = -1,
    }

    /// A plain struct.
    #[derive(Derive, std_::fmt::Debug, std_::clone::Clone, std_::marker::Copy)]
    #[hydra(crate = renamed, plain)]
    #[repr(C)]
    pub struct Tick {
        /// When.
        pub time: std_::primitive::u64,
        sides: [Side; 8],
    }

    use ::std as std_;
}

/// A view with a name, and an enum's too.
pub mod named {
    /// A log.
    #[derive(renamed::Hydra, Debug)]
    #[hydra(crate = ::renamed, view = LogView)]
    pub struct Log<T> {
        /// What happened.
        pub text: T,
        pub(crate) level: u8,
    }

    /// An event.
    #[derive(renamed::Hydra, Debug)]
    #[hydra(crate = ::renamed, view = EventView)]
    pub enum Event<T> {
        /// It began.
        Begun(Log<T>),
        /// It ended.
        Ended {
            /// How.
            code: i32,
        },
    }

    /// The text of an event.
    pub fn text(event: EventView<'_, String>) -> Option<&str> {
        match event {
            EventView::Begun(log) => Some(log.text()),
            EventView::Ended { .. } => None,
        }
    }
}

/// Types that nobody else sees.
pub fn local() -> usize {
    #[derive(renamed::Hydra)]
    #[hydra(crate = renamed)]
    struct Hidden {
        private: Vec<Private>,
    }
    #[derive(renamed::Hydra)]
    #[hydra(crate = renamed)]
    struct Private(Option<String>);

    let hidden = Hidden { private: vec![Private(None)] };
    hidden.private.iter().filter(|private| private.0.is_none()).count()
        + renamed::type_of::<Hidden>().fields().len()
}

mod private_parts {
    #[derive(renamed::Hydra, Debug)]
    #[hydra(crate = renamed)]
    struct Inner(String);

    /// Public, around something private.
    #[derive(renamed::Hydra, Debug)]
    #[hydra(crate = renamed, view = OuterView)]
    #[allow(dead_code)]
    pub(crate) struct Outer(Inner);

    /// Public, with a private field.
    #[derive(renamed::Hydra, Debug)]
    #[hydra(crate = renamed)]
    #[allow(dead_code)]
    pub(crate) struct Whole {
        inner: Inner,
    }
}

/// The sizes of what is private.
pub fn sizes() -> [usize; 2] {
    use renamed::Describe;
    [private_parts::Outer::SIZE, private_parts::Whole::SIZE]
}

#[cfg(test)]
mod tests {
    use super::*;
    use renamed::{Describe, Kind, type_of};

    #[test]
    fn the_derive_stays_clear_of_shadowed_names() {
        let ty = type_of::<shadowed::Everything<u64, 3>>();
        let names: Vec<_> = ty.fields().iter().map(|field| field.name()).collect();
        assert_eq!(names, ["list", "type", "into", "view", "array", "next"]);
        assert_eq!(ty.args().len(), 2);
        assert_eq!(type_of::<shadowed::Id>().kind(), Kind::Newtype);
        assert_eq!(type_of::<shadowed::Side>().tag(), Some(Kind::I8));
        assert_eq!(shadowed::Tick::SIZE, 16);
        assert_eq!(type_of::<shadowed::Shape<u8>>().variants()[1].fields().len(), 2);
        assert_eq!((local(), sizes()), (2, [8, 8]));
    }
}
