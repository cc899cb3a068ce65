//! The streams of a schema (FORMAT.md, section 7.2), as a list of levels. A level is what has the same slots:
//! the records, the elements of one list, the fields of one variant. What options, structs, tuples and
//! newtypes contain is at the level of the value that contains it, so each level is one flat list of columns,
//! and all work on blocks is a loop over the slots of a column.

use super::encoding::Content;
use crate::schema::{Descriptor, Field, FieldPlaces, Kind, Name, Schema, TypeRef, Variant, entry_layout};
use std::collections::HashMap;
use std::rc::Rc;

/// The largest number of streams and boxes of a schema that can be stored in columns.
const MAX_STREAMS: usize = 4096;
/// The number of types below the root from which on types with parts are stored as rows.
const MAX_DEPTH: usize = 32;
/// The number of bytes from which on paths do not grow.
const MAX_PATH: usize = 256;

/// What a stream consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    /// Bits: values of bool, or the presence of the values of an option.
    Bits,
    /// Values of this kind, or tags.
    Values(Kind),
    /// Offsets; with true those into a run, which is the next stream.
    Offsets(bool),
    /// A run; with true of text.
    Run(bool),
    /// Records in rows.
    Rows,
}

impl StreamKind {
    /// Returns what the encodings of the stream depend on.
    pub(super) fn content(self) -> Content {
        match self {
            StreamKind::Bits => Content::Bits,
            StreamKind::Values(Kind::F32 | Kind::F64) => Content::Floats,
            StreamKind::Values(_) => Content::Integers,
            StreamKind::Offsets(false) => Content::Offsets,
            StreamKind::Offsets(true) => Content::Strings,
            StreamKind::Run(_) | StreamKind::Rows => Content::Bytes,
        }
    }
}

/// The presence of the values of an option: the number of its stream, and the number of slots of the column
/// for one bit of it, which is more than one within arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence {
    pub(super) stream: usize,
    pub(super) times: usize,
}

/// A column: a part of each slot of its level.
#[derive(Debug)]
pub(super) struct ColumnShape {
    /// Where the part is in the slot, in bytes.
    pub(super) offset: usize,
    /// The number of its first stream.
    pub(super) stream: usize,
    /// The innermost option that the part is in.
    pub(super) under: Option<Presence>,
    /// Whether the part contains references.
    pub(super) refers: bool,
    pub(super) part: ColumnPart,
}

/// What a column has in each slot.
#[derive(Debug)]
pub(super) enum ColumnPart {
    /// A bool, or the tag of an option.
    Bit,
    /// This number of values of one kind: 1, or the length of an array.
    Values { kind: Kind, count: usize },
    /// A reference to text.
    Text,
    /// A reference to bytes.
    Bytes,
    /// A reference to elements, which are the slots of another level.
    List(usize),
    /// A reference to one value, at another level.
    Box(usize),
    /// A number of values one after the other, at another level.
    Array(usize, usize),
    /// A tag, and the levels of the variants that have fields, in the order of their tags as unsigned bits.
    Enum { kind: Kind, variants: Vec<(u128, usize)> },
    /// A value of this type of the schema, in rows.
    Rows(u32),
}

impl ColumnPart {
    /// Returns whether the part is or contains a reference.
    fn refers(&self, levels: &[Level]) -> bool {
        match self {
            ColumnPart::Bit | ColumnPart::Values { .. } => false,
            ColumnPart::Text
            | ColumnPart::Bytes
            | ColumnPart::List(_)
            | ColumnPart::Box(_)
            | ColumnPart::Rows(_) => true,
            ColumnPart::Array(_, level) => levels[*level].refers,
            ColumnPart::Enum { variants, .. } => variants.iter().any(|(_, level)| levels[*level].refers),
        }
    }
}

/// Columns with the same slots.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// The number of bytes from one slot to the next.
    pub(super) size: usize,
    pub(super) align: usize,
    pub(super) columns: Vec<ColumnShape>,
    /// Whether slots contain references.
    pub(super) refers: bool,
    /// The levels of the boxes in a slot that have streams, each with the number of its boxes in a slot.
    pub(super) boxes: Vec<(usize, usize)>,
}

/// The streams and levels of a schema. The records are level 0.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) streams: Vec<StreamKind>,
    pub(super) levels: Vec<Level>,
    /// The path of each stream in a record, for people.
    paths: Vec<String>,
    /// What each stream has of the value at its path.
    parts: Vec<&'static str>,
    /// The first stream of each field of the root, if that is a struct.
    pub(super) fields: Vec<usize>,
    /// The tags of the variants of each type in order, with their positions, if a stream has rows.
    pub(super) variants: Vec<Vec<(i128, usize)>>,
}

impl Shape {
    /// Returns the shape of a schema; `None` if it has too many streams.
    pub(super) fn new(schema: &Schema) -> Option<Shape> {
        let shape = Shape::default();
        let mut builder = Builder {
            schema,
            loops: loops(schema),
            empty: vec![None; schema.types().len()],
            variants: HashMap::new(),
            fields: HashMap::new(),
            boxes: 0,
            path: String::new(),
            shape,
        };
        builder.level_of(0, "", None, 0)?;
        if builder.shape.streams.contains(&StreamKind::Rows) {
            let tags = |ty: &Descriptor| ty.variants().iter().map(Variant::tag).zip(0..).collect();
            builder.shape.variants = schema.types().iter().map(tags).collect();
            builder.shape.variants.iter_mut().for_each(|tags| tags.sort_unstable());
        }
        Some(builder.shape)
    }

    /// Returns the path of a stream in a record, such as `items[].price`.
    pub(super) fn path(&self, stream: usize) -> &str {
        self.paths.get(stream).map_or("", String::as_str)
    }

    /// Returns what a stream has of the value at its path, in the words of FORMAT.md.
    pub(super) fn part(&self, stream: usize) -> &'static str {
        self.parts.get(stream).copied().unwrap_or("")
    }
}

/// A type by its index, with its offset in a slot, and what the path of its container continues with.
type PlacedType = (usize, u32, String);

/// Where a part is: its offset in a slot, the innermost option it is in, and the number of types it is in.
#[derive(Clone, Copy)]
struct PartPlace {
    offset: usize,
    under: Option<Presence>,
    depth: usize,
}

impl PartPlace {
    /// Returns the place of something that this place contains, `offset` bytes behind its start.
    fn inside(self, offset: usize) -> PartPlace {
        PartPlace { offset: self.offset + offset, depth: self.depth + 1, ..self }
    }
}

/// The tag of a variant, and its fields.
type Tagged = (u128, Vec<PlacedType>);

struct Builder<'a> {
    schema: &'a Schema,
    /// Whether a type can contain itself.
    loops: Vec<bool>,
    /// Whether a type has neither stream nor reference, once that is known.
    empty: Vec<Option<bool>>,
    /// The variants of a type that have any, with their tags.
    variants: HashMap<u32, Rc<[Tagged]>>,
    /// The fields of a struct or tuple that are not empty, once these are known.
    fields: HashMap<u32, Rc<[PlacedType]>>,
    boxes: usize,
    /// The path of the part that is being added.
    path: String,
    shape: Shape,
}

impl Builder<'_> {
    /// Adds a level whose slots contain these types, and returns its number.
    fn level(&mut self, size: usize, align: usize, types: &[PlacedType], place: PartPlace) -> Option<usize> {
        let number = self.shape.levels.len();
        self.shape.levels.push(Level { size, align, ..Level::default() });
        for (offset, ty, name) in types {
            self.named(name, number, *ty, PartPlace { offset: *offset, ..place })?;
        }
        let level = &mut self.shape.levels[number];
        level.refers = level.columns.iter().any(|column| column.refers);
        Some(number)
    }

    /// Adds a level of which each slot is one value of a type.
    fn level_of(&mut self, ty: u32, name: &str, under: Option<Presence>, depth: usize) -> Option<usize> {
        let (size, align) = (self.ty(ty).size(), self.ty(ty).align());
        self.level(size, align, &[(0, ty, name.to_string())], PartPlace { offset: 0, under, depth })
    }

    /// Adds the columns of a type whose path continues with a name.
    fn named(&mut self, name: &str, level: usize, ty: u32, place: PartPlace) -> Option<()> {
        let before = self.path.len();
        if before < MAX_PATH {
            self.path.push_str(if before == 0 { name.trim_start_matches('.') } else { name });
        }
        let added = self.part(level, ty, place);
        self.path.truncate(before);
        added
    }

    fn ty(&self, index: u32) -> &Descriptor {
        &self.schema.types()[index as usize]
    }

    fn element(&self, ty: u32) -> u32 {
        self.ty(ty).element().map_or(u32::MAX, TypeRef::index)
    }

    /// Adds a stream, and returns its number.
    fn stream(&mut self, kind: StreamKind) -> Option<usize> {
        let number = self.shape.streams.len();
        self.shape.streams.push(kind);
        self.shape.paths.push(self.path.clone());
        self.shape.parts.push(match kind {
            StreamKind::Bits => "bits",
            StreamKind::Values(_) => "values",
            StreamKind::Offsets(_) => "offsets",
            StreamKind::Run(_) => "run",
            StreamKind::Rows => "rows",
        });
        (number + self.boxes < MAX_STREAMS).then_some(number)
    }

    fn column(&mut self, level: usize, place: PartPlace, stream: usize, part: ColumnPart) {
        let PartPlace { offset, under, .. } = place;
        let refers = part.refers(&self.shape.levels);
        self.shape.levels[level].columns.push(ColumnShape { offset, stream, under, refers, part });
    }

    /// Adds the columns of a type to a level.
    fn part(&mut self, level: usize, ty: u32, place: PartPlace) -> Option<()> {
        if self.is_empty(ty) {
            return Some(());
        }
        let kind = self.ty(ty).kind();
        if (self.loops[ty as usize] || place.depth >= MAX_DEPTH) && has_parts(kind) {
            let stream = self.stream(StreamKind::Rows)?;
            self.column(level, place, stream, ColumnPart::Rows(ty));
            return Some(());
        }
        match kind {
            Kind::Bool => {
                let stream = self.stream(StreamKind::Bits)?;
                self.column(level, place, stream, ColumnPart::Bit);
            }
            Kind::String | Kind::Bytes | Kind::Opaque => {
                let stream = self.stream(StreamKind::Offsets(true))?;
                self.stream(StreamKind::Run(kind == Kind::String))?;
                let part = if kind == Kind::String { ColumnPart::Text } else { ColumnPart::Bytes };
                self.column(level, place, stream, part);
            }
            Kind::Option => {
                let stream = self.stream(StreamKind::Bits)?;
                self.shape.parts[stream] = "presence";
                self.column(level, place, stream, ColumnPart::Bit);
                let under = Some(Presence { stream, times: 1 });
                let (inside, inner) = (place.inside(self.ty(ty).align()), self.element(ty));
                let name = if self.ty(inner).kind() == Kind::Option { "?" } else { "" };
                return self.named(name, level, inner, PartPlace { under, ..inside });
            }
            Kind::List | Kind::Set | Kind::Map => {
                let stream = self.stream(StreamKind::Offsets(false))?;
                let inner = self.elements(ty, place.depth + 1)?;
                self.column(level, place, stream, ColumnPart::List(inner));
            }
            Kind::Array => return self.array(level, ty, place),
            Kind::Tuple | Kind::Struct => {
                if place.depth == 0 {
                    let fields = placed("", self.ty(ty).fields());
                    return self.root(level, &fields, place);
                }
                let fields = self.fields(ty);
                let mut fields = fields.iter();
                return fields.try_for_each(|(at, ty, name)| self.named(name, level, *ty, place.inside(*at)));
            }
            Kind::Newtype => return self.part(level, self.element(ty), place.inside(0)),
            Kind::Box => return self.boxed(level, ty, place),
            Kind::Enum => return self.choice(level, ty, place),
            _ => {
                let stream = self.stream(StreamKind::Values(kind))?;
                self.column(level, place, stream, ColumnPart::Values { kind, count: 1 });
            }
        }
        Some(())
    }

    /// Adds the fields of the root.
    fn root(&mut self, level: usize, fields: &[PlacedType], place: PartPlace) -> Option<()> {
        for (at, ty, name) in fields {
            self.shape.fields.push(self.shape.streams.len());
            self.named(name, level, *ty, place.inside(*at))?;
        }
        Some(())
    }

    /// Adds the level of the elements of a list or set, or of the entries of a map.
    fn elements(&mut self, ty: u32, depth: usize) -> Option<usize> {
        let element = self.element(ty);
        let Some(key) = self.ty(ty).key().map(TypeRef::index) else {
            return self.level_of(element, "[]", None, depth);
        };
        let FieldPlaces { offsets: [_, at], size, align } = entry_layout(self.ty(key), self.ty(element));
        let place = PartPlace { offset: 0, under: None, depth };
        self.level(size, align, &[(0, key, "{key}".into()), (at as usize, element, "{}".into())], place)
    }

    /// Adds an array: values of one kind as one column, others as a level.
    fn array(&mut self, level: usize, ty: u32, place: PartPlace) -> Option<()> {
        let (count, element) = (self.ty(ty).count() as usize, self.element(ty));
        let times = |presence: Presence| Presence { times: presence.times.saturating_mul(count), ..presence };
        let under = place.under.map(times);
        let stream = self.shape.streams.len();
        let inner = self.level_of(element, "[]", under, place.depth + 1)?;
        if let [ColumnShape { part: ColumnPart::Values { kind, count: inner_count }, under: inner_under, .. }] =
            self.shape.levels[inner].columns[..]
            && inner_under == under
            && inner_count * kind.fixed_size() as usize == self.shape.levels[inner].size
        {
            self.shape.levels.pop();
            let part = ColumnPart::Values { kind, count: inner_count * count };
            self.column(level, PartPlace { under, ..place }, stream, part);
        } else {
            let boxes = self.shape.levels[inner].boxes.clone();
            self.shape.levels[level].boxes.extend(boxes.iter().map(|(inner, times)| (*inner, times * count)));
            self.column(level, place, stream, ColumnPart::Array(count, inner));
        }
        Some(())
    }

    /// Adds a box.
    fn boxed(&mut self, level: usize, ty: u32, place: PartPlace) -> Option<()> {
        self.boxes += 1;
        let stream = self.shape.streams.len();
        if stream + self.boxes > MAX_STREAMS {
            return None;
        }
        let inner = self.level_of(self.element(ty), "", place.under, place.depth + 1)?;
        if self.shape.streams.len() > stream {
            self.shape.levels[level].boxes.push((inner, 1));
        }
        self.column(level, place, stream, ColumnPart::Box(inner));
        Some(())
    }

    /// Returns the fields of a struct or tuple that are not empty. Their names are made once for each type, because
    /// a type of many fields can be in many places.
    fn fields(&mut self, ty: u32) -> Rc<[PlacedType]> {
        if let Some(known) = self.fields.get(&ty) {
            return known.clone();
        }
        let mut all = placed("", self.ty(ty).fields());
        all.retain(|(_, ty, _)| !self.is_empty(*ty));
        let all: Rc<[PlacedType]> = all.into();
        self.fields.insert(ty, all.clone());
        all
    }

    /// Adds an enum.
    fn choice(&mut self, level: usize, ty: u32, place: PartPlace) -> Option<()> {
        let tag = self.ty(ty).tag()?;
        let stream = self.stream(StreamKind::Values(tag))?;
        self.shape.parts[stream] = "tags";
        if !self.variants.contains_key(&ty) {
            let all = self.ty(ty).variants().iter().map(|variant| {
                (variant.tag().cast_unsigned() & tag.mask(), placed(variant.name(), variant.fields()))
            });
            let mut all: Vec<_> = all.collect();
            for (_, fields) in &mut all {
                fields.retain(|(_, ty, _)| !self.is_empty(*ty));
            }
            all.retain(|(_, fields)| !fields.is_empty());
            self.variants.insert(ty, all.into());
        }
        let (size, mut variants) = (self.ty(ty).size(), Vec::new());
        for (bits, fields) in self.variants[&ty].clone().iter() {
            let inside = PartPlace { offset: 0, under: None, depth: place.depth + 1 };
            variants.push((*bits, self.level(size, 1, fields, inside)?));
        }
        variants.sort_unstable();
        self.column(level, place, stream, ColumnPart::Enum { kind: tag, variants });
        Some(())
    }

    /// Returns whether a type has neither stream nor reference: units, and what consists of them.
    fn is_empty(&mut self, ty: u32) -> bool {
        if let Some(known) = self.empty[ty as usize] {
            return known;
        }
        let target = self.ty(ty);
        let empty = match target.kind() {
            Kind::Unit => true,
            Kind::Array | Kind::Newtype => self.is_empty(self.element(ty)),
            Kind::Tuple | Kind::Struct => {
                placed("", target.fields()).iter().all(|(_, ty, _)| self.is_empty(*ty))
            }
            _ => false,
        };
        self.empty[ty as usize] = Some(empty);
        empty
    }
}

/// Returns whether types of a kind contain other types.
fn has_parts(kind: Kind) -> bool {
    matches!(kind, Kind::Enum | Kind::Struct | Kind::Tuple) || kind.has_element()
}

/// Returns the types of the fields of a struct, or of a variant, with their offsets.
fn placed(variant: &str, fields: &[Field]) -> Vec<PlacedType> {
    let variant = if variant.is_empty() { String::new() } else { format!(":{}", Name(variant)) };
    let field =
        |field: &Field| (field.offset(), field.ty().index(), format!("{variant}.{}", Name(field.name())));
    fields.iter().map(field).collect()
}

/// Returns the types that a type contains.
fn inside(ty: &Descriptor) -> Vec<u32> {
    let variants = ty.variants().iter().flat_map(|variant| variant.fields());
    let fields = ty.fields().iter().chain(variants).map(Field::ty);
    fields.chain(ty.element()).chain(ty.key()).map(TypeRef::index).collect()
}

/// Returns, for each type, whether it can contain itself: whether it is on a cycle. This is Tarjan's algorithm
/// for strongly connected components, without recursion.
fn loops(schema: &Schema) -> Vec<bool> {
    let types = schema.types();
    let mut found = vec![false; types.len()];
    let (mut order, mut low) = (vec![usize::MAX; types.len()], vec![usize::MAX; types.len()]);
    let (mut path, mut open, mut next) = (Vec::new(), Vec::new(), 0);
    let enter = |ty: usize| (ty, inside(&types[ty]));
    path.push(enter(0));
    while let Some((ty, children)) = path.last_mut() {
        let ty = *ty;
        if order[ty] == usize::MAX {
            (order[ty], low[ty], next) = (next, next, next + 1);
            open.push(ty);
        }
        if let Some(child) = children.pop() {
            let child = child as usize;
            found[ty] |= child == ty;
            if order[child] == usize::MAX {
                path.push(enter(child));
            } else {
                low[ty] = low[ty].min(low[child]);
            }
            continue;
        }
        path.pop();
        if let Some((outer, _)) = path.last() {
            low[*outer] = low[*outer].min(low[ty]);
        }
        if low[ty] == order[ty] {
            let start = open.iter().rposition(|open| *open == ty).unwrap_or_default();
            let component = open.split_off(start);
            for member in &component {
                found[*member] |= component.len() > 1;
                // What leads to a complete component does not lead back from it.
                low[*member] = usize::MAX;
            }
        }
    }
    found
}
