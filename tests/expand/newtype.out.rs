#[allow(dead_code, deprecated, non_camel_case_types)]
const _: () = {
    use ::hydra::__private as __h;
    use __h::{NoConverted as _, NoField as _};
    #[automatically_derived]
    impl __h::Fields for UserId {
        const FACTS: &'static [__h::Facts] = &[
            __h::FieldOf::<u64>::FACTS.at(__h::offset_of!(Self, 0)),
        ];
        const OFFSETS: &'static [__h::u32] = &__h::placed::<Self, 1>(1).offsets;
    }
    #[automatically_derived]
    unsafe impl __h::Describe for UserId {
        const SIZE: __h::usize = __h::placed::<Self, 1>(1).size;
        const ALIGN: __h::usize = __h::placed::<Self, 1>(1).align;
        const REFS: __h::bool = __h::refs::<Self>();
        const FLAT: __h::bool = __h::flat::<Self>();
        const ANY_BITS: __h::bool = __h::any_bits::<Self>();
        const KEY: __h::bool = __h::key::<Self>();
        fn valid(__b: &[__h::u8]) -> __h::bool {
            __h::valid::<Self>(__b)
        }
        const TYPE: &'static __h::Descriptor = &__h::named::<
            Self,
        >(__h::Kind::Newtype, "UserId", &[], &[])
            .of_inner(__h::FieldOf::<u64>::TYPE);
    }
    #[automatically_derived]
    impl __h::Reflect for UserId {
        fn count(&self) -> __h::usize {
            1
        }
        fn part(&self, __i: __h::usize) -> __h::Option<__h::Part<'_>> {
            let Self { 0: __0 } = self;
            match __i {
                0 => __h::FieldOf::<u64>::value(__0),
                _ => __h::None,
            }
        }
        fn part_mut(&mut self, __i: __h::usize) -> __h::Option<__h::PartMut<'_>> {
            let Self { 0: __0 } = self;
            match __i {
                0 => __h::FieldOf::<u64>::value_mut(__0),
                _ => __h::None,
            }
        }
        #[inline]
        fn measure(&self, __m: &mut __h::Measure) {
            let Self { 0: __0 } = self;
            __h::FieldOf::<u64>::measure(__0, __m);
        }
        #[inline]
        fn encode(&self, __s: &mut [__h::u8], __sink: &mut __h::Sink<'_>) {
            if __h::is_short::<Self>(__s) {
                return;
            }
            let Self { 0: __0 } = self;
            __h::FieldOf::<u64>::encode(__0, __s, __h::offset::<Self, 0>(), __sink);
        }
    }
    #[automatically_derived]
    impl __h::Hydra for UserId {
        type View<'a> = <u64 as __h::Hydra>::View<'a>;
        #[inline]
        fn view<'a>(__at: __h::At<'a>) -> <u64 as __h::Hydra>::View<'a> {
            __h::FieldOf::<u64>::view(__at, 0)
        }
        fn show(__v: &Self::View<'_>, __f: &mut __h::Formatter<'_>) -> __h::FmtResult {
            __h::Debug::fmt(
                &__h::InNewtype("UserId", &__h::FieldOf::<u64>::seen(*__v)),
                __f,
            )
        }
        type List<'a> = <u64 as __h::Hydra>::List<'a>;
        #[inline]
        fn list<'a>(__run: __h::Run<'a>) -> Self::List<'a> {
            __h::FieldOf::<u64>::list(__run)
        }
        fn show_list(__l: Self::List<'_>, __each: __h::Each<'_>) {
            __h::FieldOf::<
                u64,
            >::show_list(__l, &mut |__e| __each(&__h::InNewtype("UserId", __e)))
        }
        #[inline]
        fn check(
            __b: &[__h::u8],
            __c: &mut __h::Cursor<'_>,
            __d: __h::u32,
        ) -> __h::bool {
            !__h::is_short::<Self>(__b)
                && __h::FieldOf::<u64>::check(__b, __h::offset::<Self, 0>(), __c, __d)
        }
        #[inline]
        fn decode(__at: __h::At<'_>) -> __h::Result<Self> {
            __h::whole::<Self>(__at)?;
            __h::Ok(Self {
                0: __h::FieldOf::<u64>::decode(__at, __h::offset::<Self, 0>())?,
            })
        }
        fn compare(__at: __h::At<'_>, __key: &Self) -> __h::Ordering {
            __h::FieldOf::<u64>::compare(__at, &__key.0)
        }
        fn order(&self, __other: &Self) -> __h::Ordering {
            __h::FieldOf::<u64>::order(&self.0, &__other.0)
        }
    }
};
