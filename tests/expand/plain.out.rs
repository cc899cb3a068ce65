#[allow(dead_code, deprecated, non_camel_case_types)]
const _: () = {
    use ::hydra::__private as __h;
    use __h::{NoConverted as _, NoField as _};
    #[automatically_derived]
    impl __h::Fields for Tick {
        const FACTS: &'static [__h::Facts] = &[
            __h::FieldOf::<u64>::FACTS.at(__h::offset_of!(Self, time)),
            __h::FieldOf::<f64>::FACTS.at(__h::offset_of!(Self, price)),
            __h::FieldOf::<[Venue; 8]>::FACTS.at(__h::offset_of!(Self, venue)),
        ];
        const OFFSETS: &'static [__h::u32] = &__h::placed::<Self, 3>(1).offsets;
    }
    #[automatically_derived]
    unsafe impl __h::Describe for Tick {
        const SIZE: __h::usize = __h::placed::<Self, 3>(1).size;
        const ALIGN: __h::usize = __h::placed::<Self, 3>(1).align;
        const REFS: __h::bool = __h::refs::<Self>();
        const FLAT: __h::bool = __h::flat::<Self>();
        const ANY_BITS: __h::bool = __h::any_bits::<Self>();
        fn valid(__b: &[__h::u8]) -> __h::bool {
            __h::valid::<Self>(__b)
        }
        const TYPE: &'static __h::Descriptor = &__h::named::<
            Self,
        >(__h::Kind::Struct, "Tick", &[], const { &[__h::doc("A trade.")] })
            .of_fields(const {
                &[
                    __h::field::<Self>(__h::FieldOf::<u64>::TYPE, 0, "time", &[]),
                    __h::field::<
                        Self,
                    >(
                        __h::FieldOf::<f64>::TYPE,
                        1,
                        "price",
                        const {
                            &[
                                __h::doc("In dollars."),
                                __h::attribute("unit", __h::text("USD")),
                            ]
                        },
                    ),
                    __h::field::<
                        Self,
                    >(
                        __h::FieldOf::<[Venue; 8]>::TYPE,
                        2,
                        "venue",
                        const { &[__h::Note::Private] },
                    ),
                ]
            });
    }
    #[automatically_derived]
    impl __h::Reflect for Tick {
        fn count(&self) -> __h::usize {
            3
        }
        fn part(&self, __i: __h::usize) -> __h::Option<__h::Part<'_>> {
            let Self { time: __0, price: __1, venue: __2 } = self;
            match __i {
                0 => __h::FieldOf::<u64>::value(__0),
                1 => __h::FieldOf::<f64>::value(__1),
                2 => __h::FieldOf::<[Venue; 8]>::value(__2),
                _ => __h::None,
            }
        }
        fn part_mut(&mut self, __i: __h::usize) -> __h::Option<__h::PartMut<'_>> {
            let Self { time: __0, price: __1, venue: __2 } = self;
            match __i {
                0 => __h::FieldOf::<u64>::value_mut(__0),
                1 => __h::FieldOf::<f64>::value_mut(__1),
                2 => __h::FieldOf::<[Venue; 8]>::value_mut(__2),
                _ => __h::None,
            }
        }
        #[inline]
        fn measure(&self, __m: &mut __h::Measure) {
            let Self { time: __0, price: __1, venue: __2 } = self;
            __h::FieldOf::<u64>::measure(__0, __m);
            __h::FieldOf::<f64>::measure(__1, __m);
            __h::FieldOf::<[Venue; 8]>::measure(__2, __m);
        }
        #[inline]
        fn encode(&self, __s: &mut [__h::u8], __sink: &mut __h::Sink<'_>) {
            if __h::is_short::<Self>(__s) {
                return;
            }
            let Self { time: __0, price: __1, venue: __2 } = self;
            __h::FieldOf::<u64>::encode(__0, __s, __h::offset::<Self, 0>(), __sink);
            __h::FieldOf::<f64>::encode(__1, __s, __h::offset::<Self, 1>(), __sink);
            __h::FieldOf::<
                [Venue; 8],
            >::encode(__2, __s, __h::offset::<Self, 2>(), __sink);
        }
    }
    #[derive(__h::Clone, __h::Copy)]
    pub struct __TickView<'a>(
        __h::Slim<
            'a,
            { __h::own::<Tick>() },
            { __h::long::<Tick>() },
            { __h::regions::<Tick>() },
        >,
    );
    #[automatically_derived]
    impl<'a> __h::Debug for __TickView<'a> {
        fn fmt(&self, __f: &mut __h::Formatter<'_>) -> __h::FmtResult {
            __h::show_struct::<
                Tick,
            >(self.0.at(), __f, "Tick", &["time", "price", "venue"])
        }
    }
    impl<'a> __TickView<'a> {
        #[inline]
        pub fn time(self) -> <u64 as __h::Hydra>::View<'a> {
            __h::FieldOf::<u64>::view(self.0.at(), __h::offset::<Tick, 0>())
        }
        #[inline]
        pub fn price(self) -> <f64 as __h::Hydra>::View<'a> {
            __h::FieldOf::<f64>::view(self.0.at(), __h::offset::<Tick, 1>())
        }
        #[inline]
        fn venue(self) -> <[Venue; 8] as __h::Hydra>::View<'a> {
            __h::FieldOf::<[Venue; 8]>::view(self.0.at(), __h::offset::<Tick, 2>())
        }
    }
    #[automatically_derived]
    impl __h::Hydra for Tick {
        type View<'a> = __TickView<'a>;
        #[inline]
        fn view<'a>(__at: __h::At<'a>) -> __TickView<'a> {
            __TickView(__h::Slim::new(__at))
        }
        fn show(__v: &Self::View<'_>, __f: &mut __h::Formatter<'_>) -> __h::FmtResult {
            __h::Debug::fmt(__v, __f)
        }
        type List<'a> = <__h::Bits<
            { <Tick as __h::Describe>::ANY_BITS },
        > as __h::PlainList>::List<'a, Self>;
        #[inline]
        fn list<'a>(__run: __h::Run<'a>) -> Self::List<'a> {
            <__h::Bits<
                { <Tick as __h::Describe>::ANY_BITS },
            > as __h::PlainList>::list::<Self>(__run)
        }
        fn show_list(__l: Self::List<'_>, __each: __h::Each<'_>) {
            <__h::Bits<
                { <Tick as __h::Describe>::ANY_BITS },
            > as __h::PlainList>::show_list::<Self>(__l, __each)
        }
        #[inline]
        fn check(
            __b: &[__h::u8],
            __c: &mut __h::Cursor<'_>,
            __d: __h::u32,
        ) -> __h::bool {
            !__h::is_short::<Self>(__b)
                && __h::FieldOf::<u64>::check(__b, __h::offset::<Self, 0>(), __c, __d)
                && __h::FieldOf::<f64>::check(__b, __h::offset::<Self, 1>(), __c, __d)
                && __h::FieldOf::<
                    [Venue; 8],
                >::check(__b, __h::offset::<Self, 2>(), __c, __d)
        }
        #[inline]
        fn decode(__at: __h::At<'_>) -> __h::Result<Self> {
            __h::whole::<Self>(__at)?;
            __h::Ok(Self {
                time: __h::FieldOf::<u64>::decode(__at, __h::offset::<Self, 0>())?,
                price: __h::FieldOf::<f64>::decode(__at, __h::offset::<Self, 1>())?,
                venue: __h::FieldOf::<
                    [Venue; 8],
                >::decode(__at, __h::offset::<Self, 2>())?,
            })
        }
    }
    const _: () = __h::plain_field::<
        Tick,
    >(
        0,
        [
            "`Tick` is not plain: the type of its field `time` is not plain",
            "`Tick` is not plain: its field `time` is not at its stored offset: add #[repr(C)]",
            "`Tick` is not plain: there is padding before its field `time`: order the fields from the largest alignment to the smallest, or fill the gap with a field",
        ],
    );
    const _: () = __h::plain_field::<
        Tick,
    >(
        1,
        [
            "`Tick` is not plain: the type of its field `price` is not plain",
            "`Tick` is not plain: its field `price` is not at its stored offset: add #[repr(C)]",
            "`Tick` is not plain: there is padding before its field `price`: order the fields from the largest alignment to the smallest, or fill the gap with a field",
        ],
    );
    const _: () = __h::plain_field::<
        Tick,
    >(
        2,
        [
            "`Tick` is not plain: the type of its field `venue` is not plain",
            "`Tick` is not plain: its field `venue` is not at its stored offset: add #[repr(C)]",
            "`Tick` is not plain: there is padding before its field `venue`: order the fields from the largest alignment to the smallest, or fill the gap with a field",
        ],
    );
    const _: () = __h::plain_type::<
        Tick,
    >(
        "`Tick` is not plain: there is padding after its last field: fill the gap with a field",
    );
    #[automatically_derived]
    unsafe impl __h::Plain for Tick {}
};
