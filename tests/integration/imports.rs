//! Dependencies between the modules of a crate: its modules, their names, and every path in them, resolved to
//! the file that defines the item.
//!
//! Paths are found in tokens, so those in macros, attributes and signatures count too. Re-exports count as
//! the file that defines the item. A method call is not a path, so its implementation is not found.

use crate::sources::{Token, end_of_item, tokens};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One crate, read from its sources.
pub(crate) struct Crate {
    /// The name by which the crate may name itself.
    name: String,
    /// The names of the crates that it depends on.
    others: Vec<String>,
    pub(crate) files: Vec<String>,
    modules: Vec<Module>,
    /// The modules in which `macro_rules!` defines a macro.
    macros: BTreeMap<String, Vec<usize>>,
    mentions: Vec<Mention>,
    /// The names of types, each with the files that define one.
    pub(crate) types: BTreeMap<String, BTreeSet<String>>,
}

struct Module {
    file: usize,
    parent: usize,
    children: BTreeMap<String, usize>,
    /// Items defined here.
    items: BTreeSet<String>,
    /// Words in macro calls in place of items; they may be names of items.
    words: BTreeSet<String>,
    /// Names imported by `use`, with their paths.
    uses: Vec<(String, Vec<String>)>,
    globs: Vec<Vec<String>>,
}

/// A use of a name.
struct Mention {
    module: usize,
    line: usize,
    path: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Use,
    /// The path before `::*`, which uses nothing by itself.
    Glob,
    Path,
    /// A call of a macro by its name alone.
    Macro,
    /// A word of the file after the path of a glob, which may have imported it.
    ThroughGlob,
}

/// The target of a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(usize),
    /// The name of an item and the module that defines it.
    Item(String, usize),
    /// A name of another crate.
    Outside,
}

/// `from` uses a name that `to` defines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) name: String,
    /// The first line with such a use, and its path.
    pub(crate) line: usize,
    pub(crate) path: String,
}

/// The kind of scope that an opening bracket begins.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Module(usize),
    /// The rules of a macro, or a call of one, where items stand.
    Macro,
    Other,
}

impl Crate {
    /// Reads the sources of a crate: paths with texts, the root being the `lib.rs` or `main.rs` of `folder`. `others`
    /// are the crates that it uses.
    pub(crate) fn read(name: &str, others: Vec<String>, folder: &str, sources: &[(String, String)]) -> Crate {
        let files: Vec<String> = sources.iter().map(|(path, _)| path.clone()).collect();
        let root = ["lib.rs", "main.rs"].map(|end| format!("{folder}/{end}"));
        let root = files.iter().position(|file| root.contains(file)).expect("a root");
        let empty = Crate {
            name: name.to_string(),
            others,
            files,
            modules: Vec::new(),
            macros: BTreeMap::new(),
            mentions: Vec::new(),
            types: BTreeMap::new(),
        };
        let mut reading = Reading { krate: empty, sources, open: Vec::new() };
        reading.module(root, 0);
        reading.open.push((0, PathBuf::from(folder)));
        while let Some((module, folder)) = reading.open.pop() {
            reading.file(module, &folder);
        }
        reading.krate
    }

    /// Returns the files that no `mod` declares.
    pub(crate) fn unread(&self) -> Vec<&String> {
        let read: BTreeSet<usize> = self.modules.iter().map(|module| module.file).collect();
        self.files.iter().enumerate().filter(|(file, _)| !read.contains(file)).map(|(_, path)| path).collect()
    }

    /// Returns true for a file that only declares modules and re-exports names.
    pub(crate) fn is_transparent(&self, file: &str) -> bool {
        self.modules.iter().all(|module| self.files[module.file] != file || module.items.is_empty())
    }

    /// Returns every dependency between two files, and a complaint for each path within the crate that cannot
    /// be resolved.
    pub(crate) fn arrows(&self) -> (Vec<Arrow>, Vec<String>) {
        let mut firsts: BTreeMap<(usize, usize, String), &Mention> = BTreeMap::new();
        let mut lost = Vec::new();
        for mention in &self.mentions {
            let targets = self.targets_of(mention);
            if targets.is_empty() && matches!(mention.kind, Kind::Use | Kind::Glob | Kind::Path) {
                let file = &self.files[self.modules[mention.module].file];
                lost.push(format!("{file}:{}: {} leads nowhere", mention.line, mention.path.join("::")));
            }
            for target in targets.into_iter().filter(|_| mention.kind != Kind::Glob) {
                let (name, module) = match target {
                    Target::Module(module) => (mention.path.last().cloned().unwrap_or_default(), module),
                    Target::Item(name, module) => (name, module),
                    Target::Outside => continue,
                };
                let (from, to) = (self.modules[mention.module].file, self.modules[module].file);
                let first = firsts.entry((from, to, name)).or_insert(mention);
                if mention.line < first.line {
                    *first = mention;
                }
            }
        }
        let between = firsts.into_iter().filter(|((from, to, _), _)| from != to);
        let arrows = between.map(|((from, to, name), mention)| Arrow {
            from: self.files[from].clone(),
            to: self.files[to].clone(),
            name,
            line: mention.line,
            path: mention.path.join("::"),
        });
        (arrows.collect(), lost)
    }

    /// Returns the target of a mention, if it is known.
    fn targets_of(&self, mention: &Mention) -> Vec<Target> {
        let Some(first) = mention.path.first() else { return vec![Target::Outside] };
        if mention.kind == Kind::Macro {
            let found = self.lookup(mention.module, first, &mut Vec::new());
            return if found.is_empty() { self.macro_anywhere(first) } else { found };
        }
        let found = self.resolve(mention.module, &mention.path, &mut Vec::new());
        // The first name of a path may be a generic parameter or come from the prelude; that of a `use` may not.
        let named = mention.path.iter().find(|name| !name.is_empty());
        let is_other = !matches!(mention.kind, Kind::Use | Kind::Glob)
            || named.is_none_or(|name| self.others.contains(name));
        found.unwrap_or(if is_other { vec![Target::Outside] } else { Vec::new() })
    }

    fn macro_anywhere(&self, name: &str) -> Vec<Target> {
        let modules = self.macros.get(name).into_iter().flatten();
        modules.map(|module| Target::Item(name.to_string(), *module)).collect()
    }

    /// Returns the target of a path in a module; `None` if it begins outside of the crate.
    fn resolve(
        &self,
        module: usize,
        path: &[String],
        seen: &mut Vec<(usize, String)>,
    ) -> Option<Vec<Target>> {
        let (first, mut rest) = path.split_first()?;
        let mut found = match first.as_str() {
            "crate" => vec![Target::Module(0)],
            own if own == self.name => vec![Target::Module(0)],
            // A path that begins with `::`.
            "" => match rest.split_first() {
                Some((own, after)) if *own == self.name => {
                    rest = after;
                    vec![Target::Module(0)]
                }
                _ => return None,
            },
            "self" => vec![Target::Module(module)],
            "super" => vec![Target::Module(self.modules[module].parent)],
            name => match self.lookup(module, name, seen) {
                found if found.is_empty() => return None,
                found => found,
            },
        };
        for name in rest {
            let modules = found.iter().filter_map(|target| match target {
                Target::Module(module) => Some(*module),
                Target::Item(..) | Target::Outside => None,
            });
            let modules: Vec<usize> = modules.collect();
            found = match (modules.is_empty(), name.as_str()) {
                // An item's content belongs to the item's place.
                (true, _) => break,
                (false, "super") => modules.iter().map(|m| Target::Module(self.modules[*m].parent)).collect(),
                (false, _) => modules.iter().flat_map(|module| self.lookup(*module, name, seen)).collect(),
            };
        }
        found.sort();
        found.dedup();
        Some(found)
    }

    /// Returns the target of a name in a module, following re-exports.
    fn lookup(&self, module: usize, name: &str, seen: &mut Vec<(usize, String)>) -> Vec<Target> {
        // The first name of `use same::same` is not the one that this line imports.
        let is_again = seen.iter().any(|(at, of)| *at == module && of == name);
        seen.push((module, name.to_string()));
        let here = &self.modules[module];
        let mut found: Vec<Target> =
            here.children.get(name).map(|child| Target::Module(*child)).into_iter().collect();
        if here.items.contains(name) {
            found.push(Target::Item(name.to_string(), module));
        }
        for (_, path) in here.uses.iter().filter(|(of, _)| of == name && !is_again) {
            found.extend(self.resolve(module, path, seen).unwrap_or(vec![Target::Outside]));
        }
        for glob in here.globs.iter().filter(|_| found.is_empty() && !is_again).collect::<Vec<_>>() {
            for target in self.resolve(module, glob, seen).into_iter().flatten() {
                if let Target::Module(inside) = target {
                    found.extend(self.lookup(inside, name, seen));
                }
            }
        }
        if found.is_empty() && here.words.contains(name) {
            found.push(Target::Item(name.to_string(), module));
        }
        if found.is_empty() && module == 0 {
            found = self.macro_anywhere(name);
        }
        seen.pop();
        found
    }
}

/// A crate while it is read.
struct Reading<'s> {
    krate: Crate,
    sources: &'s [(String, String)],
    /// Modules whose files are still to be read, with the folders of their children.
    open: Vec<(usize, PathBuf)>,
}

impl Reading<'_> {
    fn module(&mut self, file: usize, parent: usize) -> usize {
        self.krate.modules.push(Module {
            file,
            parent,
            children: BTreeMap::new(),
            items: BTreeSet::new(),
            words: BTreeSet::new(),
            uses: Vec::new(),
            globs: Vec::new(),
        });
        self.krate.modules.len() - 1
    }

    fn file(&mut self, module: usize, folder: &Path) {
        let sources = self.sources;
        let (path, text) = &sources[self.krate.modules[module].file];
        let tokens = without_test_items(tokens(text));
        let mut scopes = vec![Scope::Module(module)];
        let mut begins = None;
        let mut i = 0;
        while let Some(token) = tokens.get(i) {
            let at = Position { tokens: &tokens, i };
            let module = innermost(&scopes);
            let among_items = !scopes.contains(&Scope::Other);
            match token.text {
                "{" | "(" | "[" => {
                    let scope = begins.take().unwrap_or_else(|| at.scope(among_items, scopes.last()));
                    scopes.push(scope);
                }
                "}" | ")" | "]" => _ = scopes.pop(),
                "mod" if among_items && at.word(1).is_some() => {
                    begins = self.declared(module, &at, Path::new(path), folder);
                    i += 1;
                }
                "use" if at.text(1) != "<" => {
                    i = self.uses(module, &tokens, i + 1, &mut Vec::new()).max(i + 1);
                    continue;
                }
                _ => self.token(module, &at, among_items, scopes.last() == Some(&Scope::Macro)),
            }
            i += 1;
        }
    }

    /// A declared module: the scope of an inline one; a file is opened later.
    fn declared(&mut self, module: usize, at: &Position, path: &Path, folder: &Path) -> Option<Scope> {
        let name = at.word(1)?.to_string();
        if at.text(2) == "{" {
            let child = self.module(self.krate.modules[module].file, module);
            self.krate.modules[module].children.insert(name, child);
            return Some(Scope::Module(child));
        }
        let beside = path.parent()?;
        let candidates = match at.path_attribute() {
            Some(path) => vec![(beside.join(path), beside.to_path_buf())],
            None => vec![
                (folder.join(format!("{name}.rs")), folder.join(&name)),
                (folder.join(&name).join("mod.rs"), folder.join(&name)),
            ],
        };
        for (file, folder) in candidates {
            // Files of tests are not among the sources.
            if let Some(file) = self.krate.files.iter().position(|known| Path::new(known) == file) {
                let child = self.module(file, module);
                self.krate.modules[module].children.insert(name.clone(), child);
                self.open.push((child, folder));
            }
        }
        None
    }

    /// One tree of a `use`, from its first token; the position behind it.
    fn uses(&mut self, module: usize, tokens: &[Token], mut i: usize, path: &mut Vec<String>) -> usize {
        let above = path.len();
        while let Some(token) = tokens.get(i) {
            match token.text {
                "::" if path.is_empty() => path.push(String::new()),
                "::" => {}
                "{" => {
                    i += 1;
                    while tokens.get(i).is_some_and(|token| token.text != "}") {
                        i = self.uses(module, tokens, i, path).max(i + 1);
                        i += usize::from(tokens.get(i).is_some_and(|token| token.text == ","));
                    }
                    path.truncate(above);
                    return i + 1;
                }
                "*" => self.glob(module, tokens, token.line, path),
                "as" => i += 1,
                "self" if !path.is_empty() => {}
                _ => match token.word() {
                    Some(word) => path.push(word.to_string()),
                    None => break,
                },
            }
            i += 1;
        }
        let last = tokens[i - 1];
        if last.text != "*" && !path.is_empty() {
            let renamed = tokens[i - 2].text == "as";
            let name = if renamed { last.word() } else { path.last().map(String::as_str) };
            let name = name.unwrap_or_default().to_string();
            self.mention(module, last.line, path.clone(), Kind::Use);
            self.krate.modules[module].uses.push((name, path.clone()));
        }
        path.truncate(above);
        i
    }

    /// A glob uses those names of its module that occur in the file.
    fn glob(&mut self, module: usize, tokens: &[Token], line: usize, path: &[String]) {
        self.krate.modules[module].globs.push(path.to_vec());
        self.mention(module, line, path.to_vec(), Kind::Glob);
        let words: BTreeSet<&str> = tokens.iter().filter_map(Token::word).collect();
        for word in words.into_iter().filter(|word| !matches!(*word, "crate" | "self" | "super")) {
            let path = [path, &[word.to_string()]].concat();
            self.mention(module, line, path, Kind::ThroughGlob);
        }
    }

    /// Definitions, paths and calls of macros.
    fn token(&mut self, module: usize, at: &Position, among_items: bool, in_macro: bool) {
        let Some(word) = at.word(0) else { return };
        let file = self.krate.modules[module].file;
        if among_items && in_macro {
            self.krate.modules[module].words.insert(word.to_string());
        }
        if let Some(name) = at.defined(among_items, in_macro) {
            if among_items {
                self.krate.modules[module].items.insert(name.to_string());
            }
            if !matches!(word, "fn" | "const" | "static") {
                let path = self.krate.files[file].clone();
                self.krate.types.entry(name.to_string()).or_default().insert(path);
            }
        }
        if at.text(1) == "!"
            && matches!(at.text(2), "(" | "[" | "{")
            && at.before(1) != "::"
            && at.before(1) != "$"
        {
            let path = vec![word.to_string()];
            self.mention(module, at.line(), path, Kind::Macro);
        }
        if let ("macro_rules", "!", Some(name)) = (word, at.text(1), at.word(2)) {
            self.krate.macros.entry(name.to_string()).or_default().push(module);
            self.krate.modules[module].items.insert(name.to_string());
        }
        if let Some(path) = at.path() {
            self.mention(module, at.line(), path, Kind::Path);
        }
    }

    fn mention(&mut self, module: usize, line: usize, path: Vec<String>, kind: Kind) {
        self.krate.mentions.push(Mention { module, line, path, kind });
    }
}

/// A place among the tokens of a file.
struct Position<'t> {
    tokens: &'t [Token<'t>],
    i: usize,
}

impl<'t> Position<'t> {
    fn line(&self) -> usize {
        self.tokens[self.i].line
    }

    fn text(&self, after: usize) -> &'t str {
        self.tokens.get(self.i + after).map_or("", |token| token.text)
    }

    fn before(&self, n: usize) -> &'t str {
        self.i.checked_sub(n).map_or("", |i| self.tokens[i].text)
    }

    fn word(&self, after: usize) -> Option<&'t str> {
        self.tokens.get(self.i + after).and_then(Token::word)
    }

    /// Returns the kind of scope of a bracket that does not belong to a module.
    fn scope(&self, among_items: bool, around: Option<&Scope>) -> Scope {
        let is_call = self.before(1) == "!" && self.before(2) != "#";
        let is_rules = self.before(2) == "!" && self.before(3) == "macro_rules";
        // The expansion of a rule, and repetitions in it.
        let is_rule = matches!((self.before(2), self.before(1)), ("=", ">") | (_, "$"));
        let in_macro = is_call || is_rules || (around == Some(&Scope::Macro) && is_rule);
        if among_items && in_macro { Scope::Macro } else { Scope::Other }
    }

    /// The name that is defined here: types everywhere, all others among items. What the rules of a macro define
    /// beside types may be inside of an `impl`.
    fn defined(&self, among_items: bool, in_macro: bool) -> Option<&'t str> {
        let defines = match self.text(0) {
            "struct" | "enum" | "trait" => true,
            "union" => matches!(self.text(2), "{" | "<"),
            "type" | "fn" | "const" | "static" => among_items && !in_macro,
            _ => false,
        };
        let keywords = ["fn", "unsafe", "mut", "async", "extern", "_"];
        self.word(1).filter(|name| defines && !keywords.contains(name))
    }

    /// The path of two names or more that begins here.
    fn path(&self) -> Option<Vec<String>> {
        let mut path = match (self.before(2), self.before(1)) {
            (">", "::") if self.before(3) != "-" => return None,
            (before, "::") if is_name(before) => return None,
            (_, "::") => vec![String::new()],
            // `pub(in path)` sets the visibility of an item and uses nothing.
            ("(", "in") => return None,
            _ => Vec::new(),
        };
        let mut after = 0;
        while let Some(word) = self.word(after) {
            path.push(word.to_string());
            after += if self.text(after + 1) == "::" { 2 } else { break };
        }
        (path.len() > 1).then_some(path)
    }

    /// Returns the value of `#[path = ".."]` before a `mod`.
    fn path_attribute(&self) -> Option<&'t str> {
        let before = &self.tokens[..self.i];
        let start =
            before.iter().rposition(|token| matches!(token.text, ";" | "}" | "{")).map_or(0, |end| end + 1);
        before[start..].windows(3).find_map(|three| match [three[0].text, three[1].text, three[2].text] {
            ["path", "=", path] => Some(path.trim_matches('"')),
            _ => None,
        })
    }
}

/// A word that can stand before `::` in a path, which keywords before a path with a leading `::` cannot.
fn is_name(text: &str) -> bool {
    let keywords = ["as", "const", "dyn", "else", "for", "impl", "in", "mut", "return", "type", "where"];
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && !keywords.contains(&text)
}

/// The module that the innermost scopes belong to.
fn innermost(scopes: &[Scope]) -> usize {
    let module = scopes.iter().rev().find_map(|scope| match scope {
        Scope::Module(module) => Some(*module),
        Scope::Macro | Scope::Other => None,
    });
    module.unwrap_or_default()
}

/// The tokens without those of items, statements and fields that only tests have.
fn without_test_items(tokens: Vec<Token>) -> Vec<Token> {
    const ATTRIBUTE: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut i) = (Vec::new(), 0);
    while i < tokens.len() {
        let rest = &tokens[i..];
        if rest.iter().map(|token| token.text).take(7).eq(ATTRIBUTE) {
            let field = || rest.iter().position(|token| token.text == ",");
            i += end_of_item(rest, 7).or_else(field).unwrap_or(rest.len()) + 1;
        } else {
            kept.push(tokens[i]);
            i += 1;
        }
    }
    kept
}
