pub enum Shape {
    Circle { r: f64 },
    Poly(Vec<Tick>, Option<String>),
    Group(Box<Self>, Vec<Shape>),
    Empty,
}
