#[allow(dead_code, deprecated, non_camel_case_types)]
const _: () = {
    use ::hydra::__private as __h;
    use __h::{NoConverted as _, NoField as _};
    #[automatically_derived]
    impl<A, const N: usize, B: Clone> __h::Fields for Pair<A, N, B>
    where
        A: __h::Hydra,
        B: __h::Hydra,
    {
        const FACTS: &'static [__h::Facts] = &[
            __h::FieldOf::<[A; N]>::FACTS.at(__h::offset_of!(Self, first)),
            __h::FieldOf::<Option<B>>::FACTS.at(__h::offset_of!(Self, second)),
        ];
        const OFFSETS: &'static [__h::u32] = &__h::placed::<Self, 2>(1).offsets;
    }
    #[automatically_derived]
    unsafe impl<A, const N: usize, B: Clone> __h::Describe for Pair<A, N, B>
    where
        A: __h::Hydra,
        B: __h::Hydra,
    {
        const SIZE: __h::usize = __h::placed::<Self, 2>(1).size;
        const ALIGN: __h::usize = __h::placed::<Self, 2>(1).align;
        const REFS: __h::bool = __h::refs::<Self>();
        const FLAT: __h::bool = __h::flat::<Self>();
        const ANY_BITS: __h::bool = __h::any_bits::<Self>();
        fn valid(__b: &[__h::u8]) -> __h::bool {
            __h::valid::<Self>(__b)
        }
        const TYPE: &'static __h::Descriptor = &__h::named::<
            Self,
        >(
                __h::Kind::Struct,
                "Pair2",
                const {
                    &[
                        __h::argument::<A>(),
                        __h::constant::<usize>(N as __h::i128),
                        __h::argument::<B>(),
                    ]
                },
                const { &[__h::Note::Version(2u32)] },
            )
            .of_fields(const {
                &[
                    __h::field::<
                        Self,
                    >(
                        __h::FieldOf::<[A; N]>::TYPE,
                        0,
                        "first",
                        const { &[__h::Note::Private] },
                    ),
                    __h::field::<
                        Self,
                    >(
                        __h::FieldOf::<Option<B>>::TYPE,
                        1,
                        "second",
                        const { &[__h::Note::Private] },
                    ),
                ]
            });
    }
    #[automatically_derived]
    impl<A, const N: usize, B: Clone> __h::Reflect for Pair<A, N, B>
    where
        A: __h::Hydra,
        B: __h::Hydra,
    {
        fn count(&self) -> __h::usize {
            2
        }
        fn part(&self, __i: __h::usize) -> __h::Option<__h::Part<'_>> {
            let Self { first: __0, second: __1 } = self;
            match __i {
                0 => __h::FieldOf::<[A; N]>::value(__0),
                1 => __h::FieldOf::<Option<B>>::value(__1),
                _ => __h::None,
            }
        }
        fn part_mut(&mut self, __i: __h::usize) -> __h::Option<__h::PartMut<'_>> {
            let Self { first: __0, second: __1 } = self;
            match __i {
                0 => __h::FieldOf::<[A; N]>::value_mut(__0),
                1 => __h::FieldOf::<Option<B>>::value_mut(__1),
                _ => __h::None,
            }
        }
        #[inline]
        fn measure(&self, __m: &mut __h::Measure) {
            let Self { first: __0, second: __1 } = self;
            __h::FieldOf::<[A; N]>::measure(__0, __m);
            __h::FieldOf::<Option<B>>::measure(__1, __m);
        }
        #[inline]
        fn encode(&self, __s: &mut [__h::u8], __sink: &mut __h::Sink<'_>) {
            if __h::is_short::<Self>(__s) {
                return;
            }
            let Self { first: __0, second: __1 } = self;
            __h::FieldOf::<[A; N]>::encode(__0, __s, __h::offset::<Self, 0>(), __sink);
            __h::FieldOf::<
                Option<B>,
            >::encode(__1, __s, __h::offset::<Self, 1>(), __sink);
        }
    }
    pub struct __PairView<'a, A, const N: usize, B: Clone>(
        __h::At<'a>,
        __h::PhantomData<fn() -> Pair<A, N, B>>,
    )
    where
        A: __h::Hydra,
        B: __h::Hydra;
    #[automatically_derived]
    impl<'a, A, const N: usize, B: Clone> __h::Clone for __PairView<'a, A, N, B>
    where
        A: __h::Hydra,
        B: __h::Hydra,
    {
        #[inline]
        fn clone(&self) -> Self {
            *self
        }
    }
    #[automatically_derived]
    impl<'a, A, const N: usize, B: Clone> __h::Copy for __PairView<'a, A, N, B>
    where
        A: __h::Hydra,
        B: __h::Hydra,
    {}
    #[automatically_derived]
    impl<'a, A, const N: usize, B: Clone> __h::Debug for __PairView<'a, A, N, B>
    where
        A: __h::Hydra,
        B: __h::Hydra,
    {
        fn fmt(&self, __f: &mut __h::Formatter<'_>) -> __h::FmtResult {
            __h::show_struct::<Pair<A, N, B>>(self.0, __f, "Pair", &["first", "second"])
        }
    }
    impl<'a, A, const N: usize, B: Clone> __PairView<'a, A, N, B>
    where
        A: __h::Hydra,
        B: __h::Hydra,
    {
        #[inline]
        fn first(self) -> <[A; N] as __h::Hydra>::View<'a> {
            __h::FieldOf::<[A; N]>::view(self.0, __h::offset::<Pair<A, N, B>, 0>())
        }
        #[inline]
        fn second(self) -> <Option<B> as __h::Hydra>::View<'a> {
            __h::FieldOf::<Option<B>>::view(self.0, __h::offset::<Pair<A, N, B>, 1>())
        }
    }
    #[automatically_derived]
    impl<A, const N: usize, B: Clone> __h::Hydra for Pair<A, N, B>
    where
        A: __h::Hydra,
        B: __h::Hydra,
    {
        type View<'a> = __PairView<'a, A, N, B>;
        #[inline]
        fn view<'a>(__at: __h::At<'a>) -> __PairView<'a, A, N, B> {
            __PairView(__at, __h::PhantomData)
        }
        fn show(__v: &Self::View<'_>, __f: &mut __h::Formatter<'_>) -> __h::FmtResult {
            __h::Debug::fmt(__v, __f)
        }
        type List<'a> = __h::ListView<'a, Self>;
        #[inline]
        fn list<'a>(__run: __h::Run<'a>) -> Self::List<'a> {
            __h::ListView::new(__run)
        }
        fn show_list(__l: Self::List<'_>, __each: __h::Each<'_>) {
            __h::show_list(__l, __each)
        }
        #[inline]
        fn check(
            __b: &[__h::u8],
            __c: &mut __h::Cursor<'_>,
            __d: __h::u32,
        ) -> __h::bool {
            !__h::is_short::<Self>(__b)
                && __h::FieldOf::<[A; N]>::check(__b, __h::offset::<Self, 0>(), __c, __d)
                && __h::FieldOf::<
                    Option<B>,
                >::check(__b, __h::offset::<Self, 1>(), __c, __d)
        }
        #[inline]
        fn decode(__at: __h::At<'_>) -> __h::Result<Self> {
            __h::whole::<Self>(__at)?;
            __h::Ok(Self {
                first: __h::FieldOf::<[A; N]>::decode(__at, __h::offset::<Self, 0>())?,
                second: __h::FieldOf::<
                    Option<B>,
                >::decode(__at, __h::offset::<Self, 1>())?,
            })
        }
    }
};
