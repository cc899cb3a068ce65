//! The spelling of types: canonical (FORMAT.md, section 5.6) and as Rust. It depends only on descriptors, and
//! takes bounded time for any schema.

use super::{Arg, AttrValue, Descriptor, Field, Kind, Note, Schema, Style};
use std::fmt::{self, Write};

/// The length at which a spelling is cut off, so that a hostile schema cannot make an endless one.
const MAX_BYTES: usize = 1024;

/// Returns the spelling of a type, as in Rust or canonical.
pub(super) fn spelling(schema: &Schema, ty: &Descriptor, rust: bool) -> String {
    let mut printer = TypePrinter { schema, rust, out: Bounded(String::new()) };
    // An error means that the spelling was cut off.
    _ = printer.ty(ty);
    printer.out.0
}

/// Text that accepts at most `MAX_BYTES` bytes.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        if self.0.len() < MAX_BYTES {
            return Ok(());
        }
        self.0.truncate(self.0.floor_char_boundary(MAX_BYTES));
        self.0.push('…');
        Err(fmt::Error)
    }
}

/// Writes one spelling.
struct TypePrinter<'a> {
    schema: &'a Schema,
    rust: bool,
    out: Bounded,
}

impl TypePrinter<'_> {
    fn ty(&mut self, ty: &Descriptor) -> fmt::Result {
        let nonzero = if self.rust { "NonZero" } else { "nonzero" };
        let around = [ty.form.name(), if ty.nonzero { nonzero } else { "" }];
        let mut around = around.iter().filter(|name| !name.is_empty());
        around.clone().try_for_each(|name| write!(self.out, "{name}<"))?;
        self.base(ty)?;
        around.try_for_each(|_| self.out.write_char('>'))
    }

    /// Writes the type without its form.
    fn base(&mut self, ty: &Descriptor) -> fmt::Result {
        match ty.kind {
            Kind::Array => {
                let (open, separator, close) =
                    if self.rust { ("[", "; ", "]") } else { ("array<", ",", ">") };
                self.out.write_str(open)?;
                self.separated(ty.element.map(Arg::Type))?;
                write!(self.out, "{separator}{}{close}", ty.count)
            }
            Kind::Tuple => {
                self.out.write_char('(')?;
                self.separated(ty.fields.iter().map(|field| Arg::Type(field.ty)))?;
                self.out.write_str(if ty.fields.len() == 1 { ",)" } else { ")" })
            }
            Kind::Struct | Kind::Enum | Kind::Newtype => self.applied(ty.name(), &ty.args),
            kind => {
                let name = if self.rust { rust_name(kind) } else { kind.name() };
                let parameters: Vec<Arg> = ty.key.into_iter().chain(ty.element).map(Arg::Type).collect();
                self.applied(name, &parameters)
            }
        }
    }

    /// Writes a name with its arguments in angle brackets, if there are any.
    fn applied(&mut self, name: &str, args: &[Arg]) -> fmt::Result {
        self.out.write_str(name)?;
        if args.is_empty() {
            return Ok(());
        }
        self.out.write_char('<')?;
        self.separated(args.iter().copied())?;
        self.out.write_char('>')
    }

    fn separated(&mut self, args: impl IntoIterator<Item = Arg>) -> fmt::Result {
        for (index, arg) in args.into_iter().enumerate() {
            if index > 0 {
                self.out.write_str(if self.rust { ", " } else { "," })?;
            }
            match arg {
                Arg::Type(ty) => self.ty(self.schema.resolve(ty))?,
                Arg::Const(constant) => write!(self.out, "{constant}")?,
            }
        }
        Ok(())
    }
}

/// Returns Rust's name of a kind.
fn rust_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Unit => "()",
        Kind::String => "String",
        Kind::Bytes => "Vec<u8>",
        Kind::Option => "Option",
        Kind::List => "Vec",
        Kind::Map => "BTreeMap",
        Kind::Set => "BTreeSet",
        Kind::Box => "Box",
        kind => kind.name(),
    }
}

/// The name of a field or variant as written in paths: in quotes unless it consists of letters, digits and
/// `_`.
pub(crate) struct Name<'n>(pub(crate) &'n str);

impl Name<'_> {
    pub(crate) fn is_bare(c: char) -> bool {
        c.is_alphanumeric() || c == '_'
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            name if !name.is_empty() && name.chars().all(Name::is_bare) => f.write_str(name),
            name => Quoted(name).fmt(f),
        }
    }
}

/// Returns whether a character changes the direction of text.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text in quotes, with quotes, backslashes and terminal control characters escaped as in Rust.
pub(crate) struct Quoted<'n>(pub(crate) &'n str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() || turns(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// Formats the schema as Rust, with documentation as comments; `{:#}` adds offsets, sizes and alignments.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut named = self.types().iter().filter(|ty| ty.kind.is_named()).peekable();
        if named.peek().is_none_or(|first| !std::ptr::eq(*first, self.root())) {
            writeln!(f, "type Root = {};", self.spell_rust(self.root()))?;
        }
        for (index, ty) in named.enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            item(self, ty, f)?;
        }
        Ok(())
    }
}

fn item(schema: &Schema, ty: &Descriptor, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    comments(&ty.notes, "", f)?;
    if f.alternate() {
        writeln!(f, "// {} bytes, aligned to {}", ty.size, ty.align)?;
    }
    let name = schema.spell_rust(ty);
    match ty.kind {
        Kind::Newtype => {
            let inner = ty.element.map(|inner| schema.spell_rust(schema.resolve(inner))).unwrap_or_default();
            writeln!(f, "struct {name}({inner});")
        }
        Kind::Enum => {
            writeln!(f, "enum {name}: {} {{", ty.tag.map_or("", Kind::name))?;
            for variant in &*ty.variants {
                comments(&variant.notes, "    ", f)?;
                write!(f, "    {}", Name(&variant.name))?;
                match variant.style {
                    Style::Unit => {}
                    Style::Tuple => tuple_fields(schema, &variant.fields, f)?,
                    Style::Struct => {
                        f.write_str(" {\n")?;
                        fields(schema, &variant.fields, "        ", f)?;
                        f.write_str("    }")?;
                    }
                }
                writeln!(f, " = {},", tag_text(ty.tag, variant.tag))?;
            }
            f.write_str("}\n")
        }
        _ => {
            writeln!(f, "struct {name} {{")?;
            fields(schema, &ty.fields, "    ", f)?;
            f.write_str("}\n")
        }
    }
}

/// Formats a tag as a number; u128 tags are stored by their bits.
fn tag_text(kind: Option<Kind>, tag: i128) -> String {
    if kind == Some(Kind::U128) { tag.cast_unsigned().to_string() } else { tag.to_string() }
}

fn tuple_fields(schema: &Schema, fields: &[Field], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('(')?;
    for (index, field) in fields.iter().enumerate() {
        f.write_str(if index > 0 { ", " } else { "" })?;
        f.write_str(&schema.spell_rust(schema.resolve(field.ty)))?;
        if f.alternate() {
            write!(f, " /* @{} */", field.offset)?;
        }
    }
    f.write_char(')')
}

fn fields(schema: &Schema, fields: &[Field], indent: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for field in fields {
        comments(&field.notes, indent, f)?;
        let ty = schema.resolve(field.ty);
        write!(f, "{indent}{}: {},", Name(&field.name), schema.spell_rust(ty))?;
        if f.alternate() {
            write!(f, " // @{}, {} bytes", field.offset, ty.size)?;
        }
        f.write_char('\n')?;
    }
    Ok(())
}

/// Writes documentation and other notes as comments.
fn comments(notes: &[Note], indent: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for note in notes {
        match note {
            Note::Doc(text) => {
                text.lines().try_for_each(|line| writeln!(f, "{indent}/// {}", line.trim_start()))?
            }
            Note::Alias(name) => writeln!(f, "{indent}// alias: {name}")?,
            Note::Attribute { name, value } => writeln!(f, "{indent}// {name} = {value}")?,
            Note::Deprecated(text) => writeln!(f, "{indent}// deprecated: {text}")?,
            Note::Version(version) => writeln!(f, "{indent}// version {version}")?,
            Note::Default(_) => writeln!(f, "{indent}// has a default")?,
            Note::ReadOnly => writeln!(f, "{indent}// read-only")?,
            Note::Other => writeln!(f, "{indent}// stands for unknown tags")?,
            Note::Invariant => writeln!(f, "{indent}// changes are checked by the program")?,
            Note::Settable | Note::Private => {}
        }
    }
    Ok(())
}

impl fmt::Display for AttrValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AttrValue::Str(text) => write!(f, "{text:?}"),
            AttrValue::Int(integer) => integer.fmt(f),
            AttrValue::Float(float) => write!(f, "{float:?}"),
            AttrValue::Bool(bool) => bool.fmt(f),
        }
    }
}
