//! Renders notes as Rust source: documentation, attributes and defaults in the syntax of the derive;
//! everything else becomes a comment.

use super::dump::{cut, little};
use hydra::schema::{AttrValue, DefaultImage, Note};
use hydra::{Descriptor, Kind};

/// Returns the lines before the attribute and the comments after it, and adds its contents to `attributes`.
pub(crate) fn rust(notes: &[Note], attributes: &mut Vec<String>, indent: &str) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    for note in notes {
        match note {
            Note::Doc(text) => before.push_str(&doc(text, indent)),
            Note::Deprecated(text) if text.is_empty() => before.push_str(&format!("{indent}#[deprecated]\n")),
            Note::Deprecated(text) => before.push_str(&format!("{indent}#[deprecated(note = {text:?})]\n")),
            Note::Alias(name) => attributes.push(format!("alias = {name:?}")),
            Note::Version(version) => attributes.push(format!("version = {version}")),
            Note::ReadOnly => attributes.push("readonly".into()),
            Note::Settable => attributes.push("settable".into()),
            Note::Other => attributes.push("other".into()),
            Note::Attribute { name, value } => match literal(value).filter(|_| is_ident(name)) {
                Some(value) => attributes.push(format!("attr({name} = {value})")),
                None => after.push_str(&format!("{indent}// Attribute {name:?} = {value:?}.\n")),
            },
            Note::Invariant => {
                after.push_str(&format!("{indent}// The program checks an invariant: invariant = ..\n"))
            }
            _ => {}
        }
    }
    (before, after)
}

/// Returns the line of an attribute; empty if the attribute is empty.
pub(crate) fn attribute(attributes: &[String], indent: &str) -> String {
    if attributes.is_empty() {
        String::new()
    } else {
        format!("{indent}#[hydra({})]\n", attributes.join(", "))
    }
}

fn is_ident(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name != "_"
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn doc(text: &str, indent: &str) -> String {
    if text.contains(|c: char| c.is_control() && c != '\n') {
        return text.lines().map(|line| format!("{indent}#[doc = {:?}]\n", format!(" {line}"))).collect();
    }
    let line = |line: &str| format!("{indent}/// {line}").trim_end().to_string() + "\n";
    text.split('\n').map(line).collect()
}

fn literal(value: &AttrValue) -> Option<String> {
    Some(match value {
        AttrValue::Str(text) => format!("{text:?}"),
        AttrValue::Int(number) => number.to_string(),
        AttrValue::Float(number) if number.is_finite() => format!("{number:?}"),
        AttrValue::Bool(value) => value.to_string(),
        _ => return None,
    })
}

/// Returns the expression of a default value, for scalars, text and empty values.
pub(crate) fn default(image: &DefaultImage, ty: &Descriptor) -> Option<String> {
    let DefaultImage::Stored { text_offset, payload, .. } = image else { return None };
    let own = payload.get(..ty.size())?;
    let bits = little(own);
    let shift = 128 - 8 * ty.size().min(16) as u32;
    match ty.kind() {
        _ if ty.is_nonzero() || ty.form() != hydra::schema::Form::None => None,
        Kind::Bool => Some((bits != 0).to_string()),
        Kind::Char => Some(format!("{:?}", char::from_u32(bits as u32)?)),
        Kind::F32 => Some(f32::from_bits(bits as u32)).filter(|v| v.is_finite()).map(|v| format!("{v:?}")),
        Kind::F64 => Some(f64::from_bits(bits as u64)).filter(|v| v.is_finite()).map(|v| format!("{v:?}")),
        Kind::Option if own.first() == Some(&0) => Some("None".into()),
        Kind::Struct | Kind::Enum | Kind::Newtype | Kind::Tuple | Kind::Array | Kind::Option | Kind::Unit => {
            None
        }
        Kind::String => {
            let (start, len) = (little(cut(own, 0, 4)) as usize, little(cut(own, 4, 4)) as usize);
            let text = payload.get(*text_offset as usize..)?.get(start..)?.get(..len)?;
            Some(format!("{:?}.into()", std::str::from_utf8(text).ok()?))
        }
        kind if kind.is_signed() => Some(((bits << shift) as i128 >> shift).to_string()),
        kind if kind.is_unsigned() => Some(bits.to_string()),
        _ => (bits == 0).then(|| "Default::default()".into()),
    }
}
