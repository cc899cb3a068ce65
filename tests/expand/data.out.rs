#[allow(dead_code, deprecated, non_camel_case_types)]
const _: () = {
    use ::hydra::__private as __h;
    use __h::{NoConverted as _, NoField as _};
    #[automatically_derived]
    impl __h::Fields for Shape {
        const FACTS: &'static [__h::Facts] = &[
            __h::FieldOf::<f64>::FACTS,
            __h::FieldOf::<Vec<Tick>>::FACTS,
            __h::FieldOf::<Option<String>>::FACTS,
            __h::FieldOf::<Box<Shape>>::FACTS,
            __h::FieldOf::<Vec<Shape>>::FACTS,
        ];
        const OFFSETS: &'static [__h::u32] = &__h::placed_variants::<Self, 5>().offsets;
    }
    #[automatically_derived]
    impl __h::Variants for Shape {
        const TAG: __h::Kind = __h::smallest_tag(<Self as __h::Variants>::TAGS);
        const TAGS: &'static [__h::i128] = &[0, 1, 2, 3];
        const ENDS: &'static [__h::usize] = &[1, 3, 5, 5];
    }
    #[automatically_derived]
    unsafe impl __h::Describe for Shape {
        const SIZE: __h::usize = __h::placed_variants::<Self, 5>().size;
        const ALIGN: __h::usize = __h::placed_variants::<Self, 5>().align;
        const REFS: __h::bool = __h::refs::<Self>();
        const FLAT: __h::bool = false;
        const ANY_BITS: __h::bool = false;
        const TYPE: &'static __h::Descriptor = &__h::named::<
            Self,
        >(__h::Kind::Enum, "Shape", &[], &[])
            .of_variants(
                const {
                    &[
                        __h::Variant::new(
                            "Circle",
                            <Self as __h::Variants>::TAGS[0],
                            __h::Style::Struct,
                            const {
                                &[
                                    __h::field::<Self>(__h::FieldOf::<f64>::TYPE, 0, "r", &[]),
                                ]
                            },
                            &[],
                        ),
                        __h::Variant::new(
                            "Poly",
                            <Self as __h::Variants>::TAGS[1],
                            __h::Style::Tuple,
                            const {
                                &[
                                    __h::field::<
                                        Self,
                                    >(__h::FieldOf::<Vec<Tick>>::TYPE, 1, "0", &[]),
                                    __h::field::<
                                        Self,
                                    >(__h::FieldOf::<Option<String>>::TYPE, 2, "1", &[]),
                                ]
                            },
                            &[],
                        ),
                        __h::Variant::new(
                            "Group",
                            <Self as __h::Variants>::TAGS[2],
                            __h::Style::Tuple,
                            const {
                                &[
                                    __h::field::<
                                        Self,
                                    >(__h::FieldOf::<Box<Shape>>::TYPE, 3, "0", &[]),
                                    __h::field::<
                                        Self,
                                    >(__h::FieldOf::<Vec<Shape>>::TYPE, 4, "1", &[]),
                                ]
                            },
                            &[],
                        ),
                        __h::Variant::new(
                            "Empty",
                            <Self as __h::Variants>::TAGS[3],
                            __h::Style::Unit,
                            &[],
                            &[],
                        ),
                    ]
                },
                <Self as __h::Variants>::TAG,
            );
    }
    #[automatically_derived]
    impl __h::Reflect for Shape {
        fn variant(&self) -> __h::usize {
            match self {
                Self::Circle { .. } => 0,
                Self::Poly { .. } => 1,
                Self::Group { .. } => 2,
                Self::Empty { .. } => 3,
            }
        }
        fn count(&self) -> __h::usize {
            __h::count(self)
        }
        fn part(&self, __i: __h::usize) -> __h::Option<__h::Part<'_>> {
            match self {
                Self::Circle { r: __0 } => {
                    match __i {
                        0 => __h::FieldOf::<f64>::value(__0),
                        _ => __h::None,
                    }
                }
                Self::Poly { 0: __0, 1: __1 } => {
                    match __i {
                        0 => __h::FieldOf::<Vec<Tick>>::value(__0),
                        1 => __h::FieldOf::<Option<String>>::value(__1),
                        _ => __h::None,
                    }
                }
                Self::Group { 0: __0, 1: __1 } => {
                    match __i {
                        0 => __h::FieldOf::<Box<Shape>>::value(__0),
                        1 => __h::FieldOf::<Vec<Shape>>::value(__1),
                        _ => __h::None,
                    }
                }
                Self::Empty {} => __h::None,
            }
        }
        fn part_mut(&mut self, __i: __h::usize) -> __h::Option<__h::PartMut<'_>> {
            match self {
                Self::Circle { r: __0 } => {
                    match __i {
                        0 => __h::FieldOf::<f64>::value_mut(__0),
                        _ => __h::None,
                    }
                }
                Self::Poly { 0: __0, 1: __1 } => {
                    match __i {
                        0 => __h::FieldOf::<Vec<Tick>>::value_mut(__0),
                        1 => __h::FieldOf::<Option<String>>::value_mut(__1),
                        _ => __h::None,
                    }
                }
                Self::Group { 0: __0, 1: __1 } => {
                    match __i {
                        0 => __h::FieldOf::<Box<Shape>>::value_mut(__0),
                        1 => __h::FieldOf::<Vec<Shape>>::value_mut(__1),
                        _ => __h::None,
                    }
                }
                Self::Empty {} => __h::None,
            }
        }
        fn measure(&self, __m: &mut __h::Measure) {
            match self {
                Self::Circle { r: __0 } => {
                    __h::FieldOf::<f64>::measure(__0, __m);
                }
                Self::Poly { 0: __0, 1: __1 } => {
                    __h::FieldOf::<Vec<Tick>>::measure(__0, __m);
                    __h::FieldOf::<Option<String>>::measure(__1, __m);
                }
                Self::Group { 0: __0, 1: __1 } => {
                    __h::FieldOf::<Box<Shape>>::measure(__0, __m);
                    __h::FieldOf::<Vec<Shape>>::measure(__1, __m);
                }
                Self::Empty {} => {}
            }
        }
        fn encode(&self, __s: &mut [__h::u8], __sink: &mut __h::Sink<'_>) {
            if __h::is_short::<Self>(__s) {
                return;
            }
            __h::put_tag(self, __s);
            match self {
                Self::Circle { r: __0 } => {
                    __h::FieldOf::<
                        f64,
                    >::encode(__0, __s, __h::offset::<Self, 0>(), __sink);
                }
                Self::Poly { 0: __0, 1: __1 } => {
                    __h::FieldOf::<
                        Vec<Tick>,
                    >::encode(__0, __s, __h::offset::<Self, 1>(), __sink);
                    __h::FieldOf::<
                        Option<String>,
                    >::encode(__1, __s, __h::offset::<Self, 2>(), __sink);
                }
                Self::Group { 0: __0, 1: __1 } => {
                    __h::FieldOf::<
                        Box<Shape>,
                    >::encode(__0, __s, __h::offset::<Self, 3>(), __sink);
                    __h::FieldOf::<
                        Vec<Shape>,
                    >::encode(__1, __s, __h::offset::<Self, 4>(), __sink);
                }
                Self::Empty {} => {}
            }
        }
    }
    pub enum __ShapeView<'a> {
        Circle { r: <f64 as __h::Hydra>::View<'a> },
        Poly(
            <Vec<Tick> as __h::Hydra>::View<'a>,
            <Option<String> as __h::Hydra>::View<'a>,
        ),
        Group(
            <Box<Shape> as __h::Hydra>::View<'a>,
            <Vec<Shape> as __h::Hydra>::View<'a>,
        ),
        Empty,
    }
    #[automatically_derived]
    impl<'a> __h::Clone for __ShapeView<'a> {
        #[inline]
        fn clone(&self) -> Self {
            if let Self::Circle { r: __0 } = self {}
            if let Self::Poly { 0: __0, 1: __1 } = self {}
            if let Self::Group { 0: __0, 1: __1 } = self {}
            *self
        }
    }
    #[automatically_derived]
    impl<'a> __h::Copy for __ShapeView<'a> {}
    #[automatically_derived]
    impl<'a> __h::Debug for __ShapeView<'a> {
        fn fmt(&self, __f: &mut __h::Formatter<'_>) -> __h::FmtResult {
            match self {
                Self::Circle { r: __0 } => {
                    __h::show_fields(
                        __f,
                        "Circle",
                        &["r"],
                        &[&__h::FieldOf::<f64>::seen(*__0)],
                    )
                }
                Self::Poly { 0: __0, 1: __1 } => {
                    __h::show_fields(
                        __f,
                        "Poly",
                        &[],
                        &[
                            &__h::FieldOf::<Vec<Tick>>::seen(*__0),
                            &__h::FieldOf::<Option<String>>::seen(*__1),
                        ],
                    )
                }
                Self::Group { 0: __0, 1: __1 } => {
                    __h::show_fields(
                        __f,
                        "Group",
                        &[],
                        &[
                            &__h::FieldOf::<Box<Shape>>::seen(*__0),
                            &__h::FieldOf::<Vec<Shape>>::seen(*__1),
                        ],
                    )
                }
                Self::Empty {} => __h::show_fields(__f, "Empty", &[], &[]),
            }
        }
    }
    #[automatically_derived]
    impl __h::Hydra for Shape {
        type View<'a> = __ShapeView<'a>;
        #[inline]
        fn view<'a>(__at: __h::At<'a>) -> __ShapeView<'a> {
            match __h::variant_seen::<Self>(__at) {
                1 => {
                    __ShapeView::Poly {
                        0: __h::FieldOf::<
                            Vec<Tick>,
                        >::view(__at, __h::offset::<Self, 1>()),
                        1: __h::FieldOf::<
                            Option<String>,
                        >::view(__at, __h::offset::<Self, 2>()),
                    }
                }
                2 => {
                    __ShapeView::Group {
                        0: __h::FieldOf::<
                            Box<Shape>,
                        >::view(__at, __h::offset::<Self, 3>()),
                        1: __h::FieldOf::<
                            Vec<Shape>,
                        >::view(__at, __h::offset::<Self, 4>()),
                    }
                }
                3 => __ShapeView::Empty {},
                _ => {
                    __ShapeView::Circle {
                        r: __h::FieldOf::<f64>::view(__at, __h::offset::<Self, 0>()),
                    }
                }
            }
        }
        fn show(
            __v: &<Self as __h::Hydra>::View<'_>,
            __f: &mut __h::Formatter<'_>,
        ) -> __h::FmtResult {
            __h::Debug::fmt(__v, __f)
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
            __h::whole::<Self>(__at)?;
            match __h::variant::<Self>(__at)? {
                1 => {
                    __h::apart(|| __h::Ok(Self::Poly {
                        0: __h::FieldOf::<
                            Vec<Tick>,
                        >::decode(__at, __h::offset::<Self, 1>())?,
                        1: __h::FieldOf::<
                            Option<String>,
                        >::decode(__at, __h::offset::<Self, 2>())?,
                    }))
                }
                2 => {
                    __h::apart(|| __h::Ok(Self::Group {
                        0: __h::FieldOf::<
                            Box<Shape>,
                        >::decode(__at, __h::offset::<Self, 3>())?,
                        1: __h::FieldOf::<
                            Vec<Shape>,
                        >::decode(__at, __h::offset::<Self, 4>())?,
                    }))
                }
                3 => __h::Ok(Self::Empty {}),
                _ => {
                    __h::apart(|| __h::Ok(Self::Circle {
                        r: __h::FieldOf::<f64>::decode(__at, __h::offset::<Self, 0>())?,
                    }))
                }
            }
        }
    }
};
