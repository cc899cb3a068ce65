#[allow(dead_code, deprecated, non_camel_case_types)]
const _: () = {
    use ::hydra::__private as __h;
    use __h::{NoConverted as _, NoField as _};
    #[automatically_derived]
    impl __h::Fields for Venue {
        const FACTS: &'static [__h::Facts] = &[];
        const OFFSETS: &'static [__h::u32] = &__h::placed_variants::<Self, 0>().offsets;
    }
    #[automatically_derived]
    impl __h::Variants for Venue {
        const TAG: __h::Kind = __h::Kind::U8;
        const TAGS: &'static [__h::i128] = &[
            {
                const __TAG: __h::u8 = 1;
                __TAG as __h::i128
            } + 0,
            {
                const __TAG: __h::u8 = 1;
                __TAG as __h::i128
            } + 1,
            {
                const __TAG: __h::u8 = 255;
                __TAG as __h::i128
            } + 0,
        ];
        const ENDS: &'static [__h::usize] = &[0, 0, 0];
    }
    #[automatically_derived]
    unsafe impl __h::Describe for Venue {
        const SIZE: __h::usize = __h::placed_variants::<Self, 0>().size;
        const ALIGN: __h::usize = __h::placed_variants::<Self, 0>().align;
        const REFS: __h::bool = __h::refs::<Self>();
        const FLAT: __h::bool = __h::flat_enum::<Self>();
        const ANY_BITS: __h::bool = false;
        const KEY: __h::bool = true;
        fn valid(__b: &[__h::u8]) -> __h::bool {
            __h::valid_tag::<Self>(__b)
        }
        const TYPE: &'static __h::Descriptor = &__h::named::<
            Self,
        >(__h::Kind::Enum, "Venue", &[], &[])
            .of_variants(
                const {
                    &[
                        __h::Variant::new(
                            "Nasdaq",
                            <Self as __h::Variants>::TAGS[0],
                            __h::Style::Unit,
                            &[],
                            &[],
                        ),
                        __h::Variant::new(
                            "Nyse",
                            <Self as __h::Variants>::TAGS[1],
                            __h::Style::Unit,
                            &[],
                            &[],
                        ),
                        __h::Variant::new(
                            "Other",
                            <Self as __h::Variants>::TAGS[2],
                            __h::Style::Unit,
                            &[],
                            const { &[__h::alias("elsewhere"), __h::Note::Other] },
                        ),
                    ]
                },
                <Self as __h::Variants>::TAG,
            );
    }
    #[automatically_derived]
    impl __h::Reflect for Venue {
        fn variant(&self) -> __h::usize {
            match self {
                Self::Nasdaq { .. } => 0,
                Self::Nyse { .. } => 1,
                Self::Other { .. } => 2,
            }
        }
        fn encode(&self, __s: &mut [__h::u8], _: &mut __h::Sink<'_>) {
            __h::put_tag(self, __s);
        }
    }
    #[automatically_derived]
    impl __h::Hydra for Venue {
        type View<'a> = Self;
        #[inline]
        fn view<'a>(__at: __h::At<'a>) -> Self {
            match __h::variant_seen::<Self>(__at) {
                1 => Self::Nyse {},
                2 => Self::Other {},
                _ => Self::Nasdaq {},
            }
        }
        fn show(
            __v: &<Self as __h::Hydra>::View<'_>,
            __f: &mut __h::Formatter<'_>,
        ) -> __h::FmtResult {
            __h::show_variant(__v, &["Nasdaq", "Nyse", "Other"], __f)
        }
        type List<'a> = __h::ListView<'a, Self>;
        #[inline]
        fn list<'a>(__run: __h::Run<'a>) -> <Self as __h::Hydra>::List<'a> {
            __h::ListView::new(__run)
        }
        fn show_list(__l: <Self as __h::Hydra>::List<'_>, __each: __h::Each<'_>) {
            __h::show_list(__l, __each)
        }
        #[inline]
        fn check(
            __b: &[__h::u8],
            __c: &mut __h::Cursor<'_>,
            __d: __h::u32,
        ) -> __h::bool {
            __h::check_variant::<Self>(__b, __c, __d)
        }
        fn decode(__at: __h::At<'_>) -> __h::Result<Self> {
            __h::variant::<Self>(__at)?;
            __h::Ok(<Self as __h::Hydra>::view(__at))
        }
        fn compare(__at: __h::At<'_>, __key: &Self) -> __h::Ordering {
            __h::compare_tag(__at, __key)
        }
        fn order(&self, __other: &Self) -> __h::Ordering {
            __h::order_tags(self, __other)
        }
    }
};
