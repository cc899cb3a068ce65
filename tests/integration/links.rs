//! Links between the pages of the documentation: each leads to an existing file and heading, on a forge and
//! in the book.

use crate::sources::{expect_none, read, root, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Returns every page whose links are checked, as a path from the root, with its text.
fn pages() -> BTreeMap<String, String> {
    let single = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "data/README.md"];
    let crates = ["hydra-format/README.md", "hydra-derive/README.md", "hydra-cli/README.md"];
    let mut paths: Vec<String> =
        single.iter().chain(&crates).chain(&["fuzz/README.md"]).map(|path| path.to_string()).collect();
    let mut open = vec!["docs".to_string()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => open.push(path),
                false if path.ends_with(".md") => paths.push(path),
                false => {}
            }
        }
    }
    paths.into_iter().map(|path| (path.clone(), read(path))).collect()
}

/// The lines of a page outside of fenced blocks.
fn prose(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence = None;
    page.lines().zip(1..).filter_map(move |(line, number)| {
        let ticks = line.trim_start().bytes().take_while(|byte| *byte == b'`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            None => return Some((number, line)),
            Some(opened) if ticks >= opened => fence = None,
            Some(_) => {}
        }
        None
    })
}

/// The targets of the links and images in a line, without those in `code`.
fn links(line: &str) -> Vec<String> {
    let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
    text.split("](").skip(1).filter_map(|rest| Some(rest.split(')').next()?.to_string())).collect()
}

/// The anchors of a page, as GitHub and mdBook make them of its headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, line) in prose(page) {
        let text = line.trim_start_matches('#');
        if text.len() == line.len() || !text.starts_with(' ') {
            continue;
        }
        // The text of a link.
        let mut parts = text.split("](");
        let mut text = parts.next().unwrap_or_default().to_string();
        parts.for_each(|part| text.push_str(part.split_once(')').map_or("", |(_, rest)| rest)));
        let slug = slug(&text);
        let same = (1..).map(|count| format!("{slug}-{count}"));
        let unused = std::iter::once(slug.clone()).chain(same).find(|name| !found.contains(name));
        found.extend(unused);
    }
    found
}

fn slug(heading: &str) -> String {
    let text = heading.trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '-' | '_'));
    kept.map(|c| if c.is_whitespace() { '-' } else { c }).collect()
}

/// Returns a path from the root without `.` and `..`; `None` if it leaves the repository.
fn resolved(page: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => _ = parts.pop()?,
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// How the pages of a crate, which are read apart from the repository, name its files.
const FORGE: &str = "https://github.com/hydra-format/hydra/blob/main/";

/// Returns the broken links of one page.
fn broken(path: &str, text: &str, pages: &BTreeMap<String, String>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (line, link) in
        prose(text).flat_map(|(number, line)| links(line).into_iter().map(move |it| (number, it)))
    {
        let (from, link) = match link.strip_prefix(FORGE) {
            Some(file) => ("", file.to_string()),
            None => (path, link),
        };
        if ["http://", "https://", "mailto:"].iter().any(|scheme| link.starts_with(scheme)) {
            continue;
        }
        let (file, anchor) =
            link.split_once('#').map_or((&*link, None), |(file, anchor)| (file, Some(anchor)));
        let target = if file.is_empty() { Some(path.to_string()) } else { resolved(from, file) };
        let complaint = match (&target, anchor) {
            (Some(target), _) if target != path && !root().join(target).is_file() => {
                format!("no file {target}")
            }
            (None, _) => "it leads out of the repository".to_string(),
            (Some(_), None) => continue,
            (Some(target), Some(anchor)) => {
                let page = if target == path { Some(text) } else { pages.get(target).map(String::as_str) };
                match page.map(anchors) {
                    Some(anchors) if anchors.contains(anchor) => continue,
                    Some(_) => format!("{target} has no heading #{anchor}"),
                    None => format!("{target} is no page with headings"),
                }
            }
        };
        complaints.push(format!("{path}:{line}: {link}: {complaint}"));
    }
    complaints
}

#[test]
fn links_lead_to_files_and_headings() {
    let pages = pages();
    expect_none(pages.iter().flat_map(|(path, text)| broken(path, text, &pages)).collect());
}

#[test]
fn broken_links_are_found() {
    let page = "# One `two`\n## Same\n## Same\n```sh\n# no heading [x](none.md)\n```\n`[x](none.md)`\n";
    let pages = BTreeMap::from([("docs/a.md".to_string(), page.to_string())]);
    let complaints = |link: &str| broken("docs/b.md", &format!("{page}[text]({link})"), &pages).len();
    for link in
        ["FORMAT.md", "../README.md", "guide/types.md", "#one-two", "#same-1", "a.md", "https://x.y/z"]
    {
        // There is no docs/a.md; its headings are given here.
        assert_eq!(complaints(link), usize::from(link == "a.md"), "{link}");
    }
    for link in ["none.md", "../../x", "#no-heading", "#same-2", "guide", "growth.svg#x", "/docs/FORMAT.md"] {
        assert_eq!(complaints(link), 1, "{link}");
    }
    let repository = FORGE.trim_end_matches("/blob/main/");
    assert!(read("Cargo.toml").contains(&format!("\nrepository = \"{repository}\"\n")));
    assert_eq!(complaints(&format!("{FORGE}docs/FORMAT.md")), 0);
    assert_eq!(complaints(&format!("{FORGE}FORMAT.md")), 1);
}

/// A page that is missing in SUMMARY.md is not in the book, so links to it are broken there.
#[test]
fn every_page_is_a_chapter_of_the_book() {
    let summary = read("docs/SUMMARY.md");
    let listed = summary.lines().flat_map(links).filter_map(|link| resolved("docs/SUMMARY.md", &link));
    let listed: Vec<String> = listed.collect();
    let chapters: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(chapters.len(), listed.len(), "a page is listed twice");
    let pages = pages();
    let of_book = pages.keys().filter(|path| path.starts_with("docs/") && *path != "docs/SUMMARY.md");
    let missing = of_book.filter(|path| !chapters.contains(path));
    expect_none(missing.map(|path| format!("docs/SUMMARY.md does not list {path}")).collect());
}

/// Checks the pages named in comments, messages and manifests.
#[test]
fn pages_that_sources_name_are_there() {
    let mut complaints = Vec::new();
    let folders = ["hydra-format/src", "hydra-derive/src", "hydra-cli/src", "tests", "book"];
    for (path, text) in folders.into_iter().flat_map(sources).filter(|(path, _)| !path.ends_with("/links.rs"))
    {
        for (line, number) in text.lines().zip(1..) {
            for rest in line.split("docs/").skip(1) {
                let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && !"-_/.".contains(c)).next();
                let name = name.unwrap_or_default().trim_end_matches('.');
                if name.ends_with(".md") && !Path::new(&root()).join("docs").join(name).is_file() {
                    complaints.push(format!("{path}:{number}: no docs/{name}"));
                }
            }
        }
    }
    expect_none(complaints);
}
