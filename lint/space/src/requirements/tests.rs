use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;
use spacelint_python::Span;

use super::{LineKind, Requirement, RequirementLine, Requirements, normalize};
use crate::files::{Files, SourceFile};
use crate::testing::{Xorshift, mutate};

fn parse(bytes: &[u8]) -> Requirements {
    let file = Arc::new(SourceFile::new("requirements.txt", bytes.to_vec()));
    let requirements = Requirements::parse(&file, &mut |_| None);
    requirements.lines.iter().for_each(|line| check_spans(line, &file));
    requirements
}

/// Every span slices back to what it claims, except across a continued line.
fn check_spans(line: &RequirementLine, file: &SourceFile) {
    let text = file.text.as_str();
    let slice = |span: Span| text.get(span.range()).expect("a span lies between characters");
    let same = |span: Span, claim: &str| {
        let slice = slice(span);
        assert!(slice == claim || slice.contains('\\'), "{slice:?} is not {claim:?}");
    };
    slice(line.span);
    if let Some(comment) = line.comment {
        assert!(slice(comment).starts_with('#'));
    }
    if let Some(requirement) = line.requirement() {
        same(requirement.name_span, &requirement.raw_name);
        assert_eq!(normalize(&requirement.raw_name), requirement.name);
        assert!(line.span.contains(requirement.span));
        assert!(requirement.span.contains(requirement.name_span));
        for clause in &requirement.clauses {
            assert!(clause.span.contains(clause.version_span));
            assert!(requirement.specifier_span.is_some_and(|span| span.contains(clause.span)));
            let version: Result<Version, _> =
                slice(clause.version_span).trim_end_matches(".*").parse();
            if let Ok(version) = version {
                assert_eq!(version, *clause.specifier.version());
            } else {
                let slice = slice(clause.version_span);
                assert!(slice.contains('\\'), "{slice:?} in {text:?}");
            }
        }
        assert_eq!(requirement.specifiers.is_some(), !requirement.clauses.is_empty());
        if let Some(url) = &requirement.url {
            same(url.span, &url.text);
        }
        if let Some(marker) = &requirement.marker {
            same(marker.span, &marker.text);
        }
        for option in &requirement.options {
            assert!(slice(option.name_span).starts_with('-'));
            if let Some((value, span)) = &option.value {
                same(*span, value);
            }
        }
    }
    if let LineKind::Path { path, path_span, .. } = &line.kind {
        same(*path_span, path);
    }
}

fn one(text: &str) -> LineKind {
    let mut lines = parse(text.as_bytes()).lines;
    assert_eq!(lines.len(), 1, "{text:?}: {lines:?}");
    lines.remove(0).kind
}

fn requirement(text: &str) -> Requirement {
    match one(text) {
        LineKind::Requirement(requirement)
        | LineKind::Url { requirement: Some(requirement), .. } => requirement,
        other => panic!("{text:?} is {other:?}"),
    }
}

fn versions(requirement: &Requirement) -> String {
    requirement.specifiers.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn names_and_versions() {
    for (text, name, asked) in [
        ("gradio", "gradio", ""),
        ("Gradio==5.12.0", "gradio", "==5.12.0"),
        ("  torch >= 2.0 , < 3  # c", "torch", ">=2.0, <3"),
        ("huggingface_hub~=0.30", "huggingface-hub", "~=0.30"),
        ("ruamel.yaml (>=0.15)", "ruamel-yaml", ">=0.15"),
        ("torch==2.1.0+cu118", "torch", "==2.1.0+cu118"),
        ("gradio==5.*", "gradio", "==5.*"),
        ("gradio==6.0.0b1", "gradio", "==6.0.0b1"),
        ("numpy<2,", "numpy", "<2"),
        ("a.-_b!=1", "a-b", "!=1"),
        ("x===1.0", "x", "===1.0"),
        ("x;", "x", ""),
        ("x==1 ;", "x", "==1"),
    ] {
        let requirement = requirement(text);
        assert_eq!(
            (requirement.name.as_str(), versions(&requirement).as_str()),
            (name, asked),
            "{text:?}"
        );
    }
    let requirement = requirement("torch>=2.0, <3 ; sys_platform == 'linux'");
    let text = requirement.file.text.clone();
    assert_eq!(text.slice(requirement.specifier_span.expect("it has versions")), ">=2.0, <3");
    let spans: Vec<_> = requirement.version_spans().map(|span| text.slice(span)).collect();
    assert_eq!(spans, [">=2.0", "<3"]);
    assert_eq!(text.slice(requirement.clauses[1].version_span), "3");
}

#[test]
fn extras_and_markers() {
    let requirement = requirement("gradio[oauth, MCP_x]==5.0 ; python_version < '3.13' # why");
    assert_eq!(requirement.extras, ["oauth", "mcp-x"]);
    assert_eq!(
        requirement.marker.as_ref().map(|m| m.text.as_str()),
        Some("python_version < '3.13'")
    );
    assert_eq!(
        requirement.file.text.slice(requirement.span),
        "gradio[oauth, MCP_x]==5.0 ; python_version < '3.13'"
    );
    assert!(self::requirement("gradio[]").extras.is_empty());
}

#[test]
fn urls_name_their_package_where_they_can() {
    for (text, name) in [
        ("git+https://github.com/huggingface/diffusers.git", Some("diffusers")),
        ("git+https://github.com/huggingface/diffusers@main#subdirectory=src", Some("diffusers")),
        ("git+https://github.com/openai/CLIP.git@feature/x", Some("clip")),
        ("-e git+https://x.org/y.git#egg=my_pkg[a]&subdirectory=b", Some("my-pkg")),
        ("git+ssh://git@github.com/a/b.git", Some("b")),
        ("https://x.org/flash_attn-2.7.4%2Bcu12-cp310-cp310-linux_x86_64.whl", Some("flash-attn")),
        ("https://github.com/a/b/archive/main.zip", None),
        ("spaces @ https://x.org/spaces-0.1.whl ; python_version < '3.9'", Some("spaces")),
        ("timm @ git+https://${TOKEN}@github.com/a/timm", Some("timm")),
        ("https://x.org/wheel-1.0-py3-none-any.whl; sys_platform == 'linux'", Some("wheel")),
    ] {
        let mut lines = parse(text.as_bytes()).lines;
        let line = lines.remove(0);
        assert_eq!(line.requirement().map(|r| r.name.as_str()), name, "{text:?}: {line:?}");
        assert!(!matches!(line.kind, LineKind::Invalid { .. }), "{line:?}");
    }
    let wheel = requirement("https://x.org/flash_attn-2.7.4%2Bcu12-cp310-cp310-linux_x86_64.whl");
    assert_eq!(wheel.exact().map(ToString::to_string).as_deref(), Some("2.7.4+cu12"));
    let pinned = requirement("a @ https://x.org/a-1.0.tar.gz#sha256=0 ; os_name == 'nt'");
    assert!(
        pinned.marker.is_some() && pinned.url.is_some_and(|url| url.text.ends_with("#sha256=0"))
    );
}

#[test]
fn options_and_paths() {
    for text in [
        "--extra-index-url https://download.pytorch.org/whl/cu121",
        "--extra-index-url=https://download.pytorch.org/whl/cu121 # c",
        "-i https://pypi.org/simple --pre",
        "-rother.txt",
        "-r other.txt",
        "--requirement other.txt",
        "-c 'a b.txt'",
        "--no-index",
        "--only-binary :all:",
        "--extra-index https://x.org",
    ] {
        assert!(matches!(one(text), LineKind::Options(_)), "{text:?}: {:?}", one(text));
    }
    let LineKind::Options(options) = one("-i https://a.org -f \"b c\"") else { panic!() };
    let options: Vec<_> =
        options.iter().map(|o| (o.name.as_str(), o.value.as_ref().map(|v| v.0.as_str()))).collect();
    let expected = [("--index-url", Some("https://a.org")), ("--find-links", Some("b c"))];
    assert_eq!(options, expected);
    for (text, path, is_editable) in [
        (".", ".", false),
        ("-e .", ".", true),
        ("-e.[dev]", ".", true),
        ("--editable=./lib[a,b]", "./lib", true),
        ("./wheels/x-1.0-py3-none-any.whl", "./wheels/x-1.0-py3-none-any.whl", false),
        ("x-1.0.tar.gz ; os_name == 'posix'", "x-1.0.tar.gz", false),
        ("lib/thing", "lib/thing", false),
    ] {
        match one(text) {
            LineKind::Path { path: found, editable, .. } => {
                assert_eq!((found.as_str(), editable), (path, is_editable), "{text:?}");
            }
            other => panic!("{text:?} is {other:?}"),
        }
    }
    let pinned = requirement("a==1 \\\n    --hash=sha256:00 \\\n    --hash sha256:11\n");
    let hashes: Vec<_> = pinned.options.iter().filter_map(|o| o.value.as_ref()).collect();
    assert_eq!(
        hashes.iter().map(|(v, _)| v.as_str()).collect::<Vec<_>>(),
        ["sha256:00", "sha256:11"]
    );
}

#[test]
fn lines_join_and_comments_end_as_pip_has_it() {
    let found =
        parse(b"# head\n\na==1 # one\nb \\\n  >=2 \\\n  ,<3\nc#no\n#d \\\ne\nf \\\n# g\nh \\");
    let kinds: Vec<String> = found
        .lines
        .iter()
        .map(|line| match &line.kind {
            LineKind::Requirement(r) => format!("{}{}", r.name, versions(r)),
            LineKind::Comment => "#".to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds[..3], ["#", "a==1", "b>=2, <3"]);
    assert!(kinds[3].starts_with("Invalid"), "{kinds:?}");
    assert_eq!(kinds[4..], ["#", "e", "f", "h"]);
    let comments: Vec<_> = found
        .lines
        .iter()
        .map(|line| line.comment.map(|span| found.file.text.slice(span)))
        .collect();
    let expected =
        [Some("# head"), Some("# one"), None, None, Some("#d \\"), None, Some("# g"), None];
    assert_eq!(comments, expected);
    let b = found.lines[2].requirement().expect("a requirement");
    assert_eq!(found.file.text.slice(b.specifier_span.expect("versions")), ">=2 \\\n  ,<3");
    // Inside a token too.
    let split = requirement("gra\\\r\ndio==5.\\\r\n0\r\n");
    assert_eq!((split.name.as_str(), versions(&split).as_str()), ("gradio", "==5.0"));
    assert_eq!(split.file.text.slice(split.clauses[0].version_span), "5.\\\r\n0");
}

#[test]
fn encodings_and_line_endings() {
    let text = "\u{feff}gradio==5.0\r\ntorch\r\n";
    let units = text.encode_utf16();
    for bytes in [
        text.as_bytes().to_vec(),
        units.clone().flat_map(u16::to_le_bytes).collect(),
        units.flat_map(u16::to_be_bytes).collect(),
        text.replace("\r\n", "\r").into_bytes(),
    ] {
        let names: Vec<_> = parse(&bytes).requirements().map(|r| r.name.clone()).collect();
        assert_eq!(names, ["gradio", "torch"]);
    }
}

#[test]
fn what_pip_refuses_is_said_to_be_refused() {
    for (text, why) in [
        ("torch-==2.0", "cannot follow a package's name"),
        ("foo[bar-]", "extra"),
        ("foo[a", "bracket"),
        ("gradio=5.0", "one `=`"),
        ("gradio==", "wants a version"),
        ("gradio 5.0", "cannot follow"),
        ("gradio==latest", "does not say which versions"),
        ("gradio==5.0 torch", "does not say which versions"),
        ("gradio>=5.0.*", "does not say which versions"),
        ("gradio~=5", "does not say which versions"),
        ("pip install gradio", "cannot follow"),
        ("==5.0", "name is missing"),
        ("é", "name is missing"),
        ("a,,b", "missing before a comma"),
        ("a==1,,==2", "missing before a comma"),
        ("a (==1", "parenthesis"),
        ("a==1 ; linux", "marker"),
        ("a @", "wants a URL"),
        ("--nonsense", "no option"),
        ("-r", "wants a value"),
        ("--pre=1", "takes no value"),
        ("<<<<<<< HEAD", "name is missing"),
    ] {
        match one(text) {
            LineKind::Invalid { message } => assert!(message.contains(why), "{text:?}: {message}"),
            other => panic!("{text:?} is {other:?}"),
        }
    }
}

#[test]
fn what_the_environment_says_is_not_guessed() {
    assert!(matches!(one("gradio==${GRADIO_VERSION}"), LineKind::Variable));
    assert!(matches!(one("${A_1}"), LineKind::Variable));
    assert!(matches!(one("gradio==${lower}"), LineKind::Invalid { .. }));
    assert!(matches!(one("--extra-index-url https://${TOKEN}@x.org/"), LineKind::Options(_)));
}

#[test]
fn included_files_are_followed_within_the_space() {
    let files = Files::memory(
        [
            ("requirements.txt", "-r req/base.txt\n-r ../out.txt\n-r missing.txt\ngradio\n"),
            ("req/base.txt", "-r more.txt\n-r ../requirements.txt\ntorch\n"),
            ("req/more.txt", "numpy\n-r base.txt\n-r more.txt\n-r ./more.txt\n"),
        ]
        .map(|(path, text)| (Utf8PathBuf::from(path), text.as_bytes().to_vec())),
    );
    let file = files.read(Utf8Path::new("requirements.txt")).expect("readable").expect("there");
    let found = Requirements::parse(&file, &mut |path| files.read(path).ok().flatten());
    let names: Vec<_> = found.requirements().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["gradio", "torch", "numpy"]);
    assert_eq!(found.included[0].included[0].file.path, "req/more.txt");
}

#[test]
fn no_mutation_of_requirements_panics_or_shifts_a_span() {
    let seeds = [
        "gradio[oauth,mcp]==5.12.0 ; python_version<'3.13' and (os_name=='x' or 'a' in extra) # c\n",
        "-e git+https://x.org/y.git@v1#egg=my_pkg[a]\n--hash=sha256:0\n-r 'a b' -c d\n${X}==1\n",
        "a @ https://x.org/a-1.0+b-py3-none-any.whl ; os_name=='x'\nb \\\n >=2 \\\n ,<3\n",
        "\u{feff}torch~=2.0,!=2.1.*\r\n./x.whl\r\n--extra-index-url=\"https://x\" --pre\r\n",
    ];
    let mut random = Xorshift::new(3);
    for round in 0..20_000 {
        parse(&mutate(seeds[round % seeds.len()].as_bytes(), &mut random));
    }
}
