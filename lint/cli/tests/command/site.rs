//! The web site: each rule has its page where findings point to, every link leads somewhere, every file
//! is well-formed and asks for nothing from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use crate::support::{Ran, folder, run};

/// Elements that have no end.
const VOID: [&str; 6] = ["br", "hr", "img", "input", "link", "meta"];

/// The site's files by their path.
fn site() -> BTreeMap<String, String> {
    let home = folder(&[]);
    let Ran { status, stdout, stderr } = run(home.path(), &["site", "made"]);
    assert_eq!((status, stdout.as_str(), stderr.as_str()), (0, "", ""));
    let mut files = BTreeMap::new();
    read(&home.path().join("made"), "", &mut files);
    files
}

fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("it can be listed") {
        let entry = entry.expect("it can be listed");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, std::fs::read_to_string(entry.path()).expect("it is text"));
        }
    }
}

/// A start tag with its attributes.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

/// The start tags of `html`, which is written so that it is XML too; panics where it is not well-formed.
fn tags(path: &str, html: &str) -> Vec<Tag> {
    let html = html.strip_prefix("<!doctype html>\n").expect(path);
    let mut reader = Reader::from_str(html);
    let mut tags = Vec::new();
    let mut open = 0;
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{path}: {error}"));
        let (tag, is_empty) = match &event {
            Event::Eof => break,
            Event::Start(tag) => (tag, false),
            Event::Empty(tag) => (tag, true),
            Event::End(_) => {
                open -= 1;
                continue;
            }
            _ => continue,
        };
        let name = tag.name().as_ref().to_owned();
        open += i32::from(!is_empty);
        assert_eq!(is_empty, VOID.contains(&name.as_str()), "{path}: <{name}>");
        let attributes = tag.attributes().map(|one| {
            let one = one.unwrap_or_else(|error| panic!("{path}: <{name}>: {error}"));
            let value = one.normalized_value(XmlVersion::Implicit1_0).expect(path).into_owned();
            (one.key.as_ref().to_owned(), value)
        });
        let attributes = attributes.collect();
        tags.push(Tag { name, attributes });
    }
    assert_eq!(open, 0, "{path}: not all is closed");
    tags
}

/// Where a link of the file `from` leads, without what comes after `#`; and that.
fn target(from: &str, link: &str) -> (String, String) {
    let (path, place) = link.split_once('#').unwrap_or((link, ""));
    let mut folders: Vec<&str> = from.split('/').collect();
    let own = folders.pop().unwrap_or_default();
    for part in path.split('/') {
        match part {
            ".." => assert!(folders.pop().is_some(), "{from}: {link} leads out of the site"),
            "" => folders.push(own),
            part => folders.push(part),
        }
    }
    (folders.join("/"), place.to_owned())
}

#[test]
fn every_file_is_well_formed_and_every_link_leads_somewhere() {
    let files = site();
    let pages: BTreeMap<&String, Vec<Tag>> = files
        .iter()
        .filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "html"))
        .map(|(path, html)| (path, tags(path, html)))
        .collect();
    let values = |tags: &[Tag], name: &str| -> Vec<String> {
        let all = tags.iter().flat_map(|tag| &tag.attributes);
        all.filter(|one| one.0 == name).map(|one| one.1.clone()).collect()
    };
    let ids: BTreeMap<&String, BTreeSet<String>> = pages
        .iter()
        .map(|(path, tags)| {
            let ids = values(tags, "id");
            let set: BTreeSet<String> = ids.iter().cloned().collect();
            assert_eq!(set.len(), ids.len(), "{path}: an id stands twice in {ids:?}");
            (*path, set)
        })
        .collect();
    let mut wrong = Vec::new();
    for (path, tags) in &pages {
        assert_eq!(tags.iter().filter(|tag| tag.name == "h1").count(), 1, "{path}");
        for tag in tags {
            for (name, link) in &tag.attributes {
                let leads = matches!(name.as_str(), "href" | "src" | "action");
                if leads && link.starts_with("https://") && tag.name == "a" {
                    continue;
                }
                if leads {
                    let (to, place) = target(path, link);
                    let known = ids.get(&to).is_some_and(|ids| ids.contains(&place));
                    if !files.contains_key(&to) || !(place.is_empty() || known) {
                        wrong.push(format!("{path}: {link}"));
                    }
                }
                // The policy of the page would not run it, and nobody wrote it.
                assert!(!name.starts_with("on") && name != "style", "{path}: {name}");
            }
        }
    }
    assert!(wrong.is_empty(), "these lead nowhere:\n{}", wrong.join("\n"));
}

#[test]
fn each_rule_has_a_page_and_the_list_and_the_search_know_it() {
    let files = site();
    let here = folder(&[]);
    let listed = run(here.path(), &["rules", "--format", "json"]).json();
    let rules = listed["rules"].as_array().expect("a list");
    assert!(!rules.is_empty());
    for rule in rules {
        let name = rule["name"].as_str().expect("a name");
        let url = rule["url"].as_str().expect("a link");
        let path = url.strip_prefix(&format!("{}/", env!("CARGO_PKG_HOMEPAGE"))).expect(url);
        assert_eq!(path, format!("rules/{name}.html"));
        let page = &files[path];
        for heading in ["What happens", "Why", "What to do", "What makes it true"] {
            assert!(page.contains(&format!(">{heading}</h2>")), "{name}: {heading}");
        }
        assert!(page.contains(rule["severity"].as_str().expect("a severity")), "{name}");
        assert!(!page.contains("# finding"), "{name} shows the marks of the tests");
        assert!(files["index.html"].contains(&format!("data-rule=\"{name}\"")), "{name}");
        assert!(files["search-index.js"].contains(&format!("\"{name}\": \"")), "{name}");
    }
    assert_eq!(files.keys().filter(|path| path.starts_with("rules/")).count(), rules.len());
}

#[test]
fn each_failure_has_a_page_and_the_list_and_the_search_know_it() {
    let files = site();
    let here = folder(&[]);
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/knowledge/failures.toml");
    let table: toml::Table =
        std::fs::read_to_string(table).expect("it can be read").parse().expect("it is TOML");
    let failures = table["failure"].as_array().expect("a list");
    for failure in failures {
        let name = failure["name"].as_str().expect("a name");
        assert!(files["failures.html"].contains(&format!("data-rule=\"{name}\"")), "{name}");
        assert!(files["failures-index.js"].contains(&format!("\"{name}\": \"")), "{name}");
        let folder = if failure.get("page").is_some() { "failures" } else { "rules" };
        let page = &files[&format!("{folder}/{name}.html")];
        for heading in ["What happens", "Why", "What to do", "What makes it true"] {
            assert!(page.contains(&format!(">{heading}</h2>")), "{name}: {heading}");
        }
        let explained = run(here.path(), &["explain", name]);
        assert_eq!((explained.status, explained.stderr.as_str()), (0, ""), "{name}");
        let url = format!("{}/{folder}/{name}.html", env!("CARGO_PKG_HOMEPAGE"));
        assert!(explained.stdout.contains(&url), "{name}: {}", explained.stdout);
    }
    let cuda = &files["rules/cuda-before-spaces.html"];
    assert!(cuda.contains("<code>CUDA has been initialized before importing the</code>"), "{cuda}");
    let pages = files.keys().filter(|path| path.starts_with("failures/")).count();
    assert_eq!(pages, failures.iter().filter(|failure| failure.get("page").is_some()).count());
}

#[test]
fn nothing_is_written_over() {
    let home = folder(&[("notes.txt", "mine")]);
    let ran = run(home.path(), &["site", "."]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("`.` is not empty"), "{}", ran.stderr);
    assert!(!home.path().join("index.html").exists());
}
