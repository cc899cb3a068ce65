///A stored [`Log`], read in place.
#[derive(renamed::__private::Clone, renamed::__private::Copy)]
pub struct LogView<'a>(
    renamed::__private::Slim<
        'a,
        { renamed::__private::own::<Log>() },
        { renamed::__private::long::<Log>() },
        { renamed::__private::regions::<Log>() },
    >,
);
#[allow(dead_code, deprecated, non_camel_case_types)]
const _: () = {
    use renamed::__private as __h;
    use __h::{NoConverted as _, NoField as _};
    #[automatically_derived]
    impl __h::Fields for Log {
        const FACTS: &'static [__h::Facts] = &[
            __h::FieldOf::<u64>::FACTS.at(__h::offset_of!(Self, time_stamp)),
            __h::FieldOf::<String>::FACTS.at(__h::offset_of!(Self, r#type)),
            __h::Converted::<__h::As<u64>, usize>::FACTS.at(__h::offset_of!(Self, len)),
            __h::Converted::<crate::Text, IpAddr>::FACTS
                .at(__h::offset_of!(Self, address)),
            __h::FieldOf::<Option<Box<Log>>>::FACTS.at(__h::offset_of!(Self, next)),
        ];
        const OFFSETS: &'static [__h::u32] = &__h::placed::<Self, 5>(1).offsets;
    }
    #[automatically_derived]
    unsafe impl __h::Describe for Log {
        const SIZE: __h::usize = __h::placed::<Self, 5>(1).size;
        const ALIGN: __h::usize = __h::placed::<Self, 5>(1).align;
        const REFS: __h::bool = __h::refs::<Self>();
        const FLAT: __h::bool = false;
        const ANY_BITS: __h::bool = __h::any_bits::<Self>();
        fn valid(__b: &[__h::u8]) -> __h::bool {
            __h::valid::<Self>(__b)
        }
        const TYPE: &'static __h::Descriptor = &__h::named::<
            Self,
        >(__h::Kind::Struct, "Log", &[], const { &[__h::doc("A log.")] })
            .of_fields(const {
                &[
                    __h::field::<
                        Self,
                    >(
                        __h::FieldOf::<u64>::TYPE,
                        0,
                        "timeStamp",
                        const { &[__h::doc("When.")] },
                    ),
                    __h::field::<Self>(__h::FieldOf::<String>::TYPE, 1, "type", &[]),
                    __h::field::<
                        Self,
                    >(
                        __h::Converted::<__h::As<u64>, usize>::TYPE,
                        2,
                        "len",
                        const {
                            &[
                                __h::default::<
                                    usize,
                                >(|| __h::Converted::<
                                    __h::As<u64>,
                                    usize,
                                >::image(<usize as __h::Default>::default())),
                                __h::Note::Private,
                            ]
                        },
                    ),
                    __h::field::<
                        Self,
                    >(
                        __h::Converted::<crate::Text, IpAddr>::TYPE,
                        3,
                        "address",
                        const { &[__h::Note::ReadOnly, __h::Note::Private] },
                    ),
                    __h::field::<
                        Self,
                    >(
                        __h::FieldOf::<Option<Box<Log>>>::TYPE,
                        4,
                        "next",
                        const { &[__h::deprecated("use len"), __h::Note::Private] },
                    ),
                ]
            });
    }
    #[automatically_derived]
    impl __h::Reflect for Log {
        fn count(&self) -> __h::usize {
            5
        }
        fn part(&self, __i: __h::usize) -> __h::Option<__h::Part<'_>> {
            let Self {
                time_stamp: __0,
                r#type: __1,
                cache: _,
                len: __2,
                address: __3,
                next: __4,
            } = self;
            match __i {
                0 => __h::FieldOf::<u64>::value(__0),
                1 => __h::FieldOf::<String>::value(__1),
                2 => __h::Converted::<__h::As<u64>, usize>::value(__2),
                3 => __h::Converted::<crate::Text, IpAddr>::value(__3),
                4 => __h::FieldOf::<Option<Box<Log>>>::value(__4),
                _ => __h::None,
            }
        }
        fn part_mut(&mut self, __i: __h::usize) -> __h::Option<__h::PartMut<'_>> {
            let Self {
                time_stamp: __0,
                r#type: __1,
                cache: _,
                len: __2,
                address: __3,
                next: __4,
            } = self;
            match __i {
                0 => __h::FieldOf::<u64>::value_mut(__0),
                1 => __h::FieldOf::<String>::value_mut(__1),
                2 => __h::Converted::<__h::As<u64>, usize>::value_mut(__2),
                3 => __h::Converted::<crate::Text, IpAddr>::value_mut(__3),
                4 => __h::FieldOf::<Option<Box<Log>>>::value_mut(__4),
                _ => __h::None,
            }
        }
        fn skipped(&self) -> &'static [&'static __h::str] {
            &["cache"]
        }
        #[inline]
        fn measure(&self, __m: &mut __h::Measure) {
            let Self {
                time_stamp: __0,
                r#type: __1,
                cache: _,
                len: __2,
                address: __3,
                next: __4,
            } = self;
            __h::FieldOf::<u64>::measure(__0, __m);
            __h::FieldOf::<String>::measure(__1, __m);
            __h::Converted::<__h::As<u64>, usize>::measure(__2, __m, "len");
            __h::Converted::<crate::Text, IpAddr>::measure(__3, __m, "address");
            __h::FieldOf::<Option<Box<Log>>>::measure(__4, __m);
        }
        #[inline]
        fn encode(&self, __s: &mut [__h::u8], __sink: &mut __h::Sink<'_>) {
            if __h::is_short::<Self>(__s) {
                return;
            }
            let Self {
                time_stamp: __0,
                r#type: __1,
                cache: _,
                len: __2,
                address: __3,
                next: __4,
            } = self;
            __h::FieldOf::<u64>::encode(__0, __s, __h::offset::<Self, 0>(), __sink);
            __h::FieldOf::<String>::encode(__1, __s, __h::offset::<Self, 1>(), __sink);
            __h::Converted::<
                __h::As<u64>,
                usize,
            >::encode(__2, __s, __h::offset::<Self, 2>(), __sink);
            __h::Converted::<
                crate::Text,
                IpAddr,
            >::encode(__3, __s, __h::offset::<Self, 3>(), __sink);
            __h::FieldOf::<
                Option<Box<Log>>,
            >::encode(__4, __s, __h::offset::<Self, 4>(), __sink);
        }
    }
    #[automatically_derived]
    impl<'a> __h::Debug for LogView<'a> {
        fn fmt(&self, __f: &mut __h::Formatter<'_>) -> __h::FmtResult {
            __h::show_struct::<
                Log,
            >(self.0.at(), __f, "Log", &["time_stamp", "type", "len", "address", "next"])
        }
    }
    impl<'a> LogView<'a> {
        ///When.
        #[inline]
        pub fn time_stamp(self) -> <u64 as __h::Hydra>::View<'a> {
            __h::FieldOf::<u64>::view(self.0.at(), __h::offset::<Log, 0>())
        }
        ///The field `type`.
        #[inline]
        pub fn r#type(self) -> <String as __h::Hydra>::View<'a> {
            __h::FieldOf::<String>::view(self.0.at(), __h::offset::<Log, 1>())
        }
        ///The field `len`.
        #[inline]
        fn len(
            self,
        ) -> <<__h::As<u64> as __h::With<usize>>::Stored as __h::Hydra>::View<'a> {
            __h::Converted::<
                __h::As<u64>,
                usize,
            >::view(self.0.at(), __h::offset::<Log, 2>())
        }
        ///The field `address`.
        #[inline]
        fn address(
            self,
        ) -> <<crate::Text as __h::With<IpAddr>>::Stored as __h::Hydra>::View<'a> {
            __h::Converted::<
                crate::Text,
                IpAddr,
            >::view(self.0.at(), __h::offset::<Log, 3>())
        }
        ///The field `next`.
        #[inline]
        fn next(self) -> <Option<Box<Log>> as __h::Hydra>::View<'a> {
            __h::FieldOf::<Option<Box<Log>>>::view(self.0.at(), __h::offset::<Log, 4>())
        }
    }
    #[automatically_derived]
    impl __h::Hydra for Log {
        type View<'a> = LogView<'a>;
        #[inline]
        fn view<'a>(__at: __h::At<'a>) -> LogView<'a> {
            LogView(__h::Slim::new(__at))
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
                && __h::FieldOf::<u64>::check(__b, __h::offset::<Self, 0>(), __c, __d)
                && __h::FieldOf::<String>::check(__b, __h::offset::<Self, 1>(), __c, __d)
                && __h::Converted::<
                    __h::As<u64>,
                    usize,
                >::check(__b, __h::offset::<Self, 2>(), __c, __d)
                && __h::Converted::<
                    crate::Text,
                    IpAddr,
                >::check(__b, __h::offset::<Self, 3>(), __c, __d)
                && __h::FieldOf::<
                    Option<Box<Log>>,
                >::check(__b, __h::offset::<Self, 4>(), __c, __d)
        }
        #[inline]
        fn decode(__at: __h::At<'_>) -> __h::Result<Self> {
            __h::whole::<Self>(__at)?;
            __h::Ok(Self {
                time_stamp: __h::FieldOf::<u64>::decode(__at, __h::offset::<Self, 0>())?,
                r#type: __h::FieldOf::<String>::decode(__at, __h::offset::<Self, 1>())?,
                cache: 7,
                len: __h::Converted::<
                    __h::As<u64>,
                    usize,
                >::decode(__at, __h::offset::<Self, 2>(), "len")?,
                address: __h::Converted::<
                    crate::Text,
                    IpAddr,
                >::decode(__at, __h::offset::<Self, 3>(), "address")?,
                next: __h::FieldOf::<
                    Option<Box<Log>>,
                >::decode(__at, __h::offset::<Self, 4>())?,
            })
        }
    }
};
