use camino::Utf8Path;
use spacelint_rules::secrets::Thing;

use super::*;
use crate::testing::{at, file};

fn needs() -> Needs {
    let app = file(
        "app.py",
        "import os\nTOKEN = os.environ[\"HF_TOKEN\"]\nX = os.getenv(\"SENTRY\")\nP = os.environ[\"PATH_\"]\n",
    );
    let secret = Secret {
        name: "SENTRY_KEY\u{1b}[1m".into(),
        alternatives: Vec::new(),
        kind: Kind::Secret,
        need: Need::Soft,
        reason: "the program goes on without it".to_owned(),
        named_in_readme: true,
        places: vec![at(&app, "os.getenv(\"SENTRY\")")],
    };
    let thing = |name: &str, need, reason: &str, what: &str| Thing {
        name: name.into(),
        need,
        reason: reason.to_owned(),
        places: vec![at(&app, what)],
    };
    Needs {
        names: vec![
            Secret {
                name: "HF_TOKEN".into(),
                alternatives: vec!["HUGGING_FACE_HUB_TOKEN".into()],
                need: Need::Hard,
                reason: "`meta-llama/Llama-3.1-8B-Instruct` is gated".to_owned(),
                named_in_readme: false,
                places: vec![at(&app, "os.environ[\"HF_TOKEN\"]"), at(&app, "TOKEN")],
                ..secret.clone()
            },
            Secret {
                name: "PATH_`|x".into(),
                kind: Kind::Variable,
                need: Need::Hard,
                reason: "reading it raises where it is not set".to_owned(),
                places: vec![at(&app, "os.environ[\"PATH_\"]")],
                ..secret.clone()
            },
            secret,
        ],
        models: vec![thing(
            "meta-llama/Llama-3.1-8B-Instruct",
            Need::Hard,
            "it is gated: without an account that has accepted its terms the Space fails",
            "TOKEN",
        )],
        hardware: Some(thing(
            "ZeroGPU",
            Need::Soft,
            "its GPU functions run on the CPU on `cpu-basic`, which a duplicate gets where nobody chooses",
            "import os",
        )),
        storage: vec![thing("/data", Need::Soft, "what is written is lost with a restart", "X")],
    }
}

/// What `show` makes of these needs, compared with what `have` says, if anything.
fn told(have: Option<&Have>, show: impl Fn(&Told<'_>) -> String) -> String {
    let needs = needs();
    let place = Place::new(Utf8Path::new("demo"), Utf8Path::new("/home/ann"));
    show(&Told { needs: &needs, have, place: &place, several: false })
}

const PLAIN: Terminal = Terminal { color: false, links: false, unicode: true, width: 80 };

#[test]
fn the_table_at_several_widths() {
    for width in [40, 80, 120] {
        let terminal = Terminal { width, ..PLAIN };
        let shown = told(None, |told| table::space(told, terminal)) + &table::legend(terminal);
        insta::assert_snapshot!(format!("table_{width}"), shown);
        let have = Have::default();
        let shown = told(Some(&have), |told| table::space(told, terminal));
        insta::assert_snapshot!(format!("table_with_nothing_{width}"), shown);
    }
}

#[test]
fn the_other_formats() {
    insta::assert_snapshot!("markdown", told(None, markdown::space));
    insta::assert_snapshot!("env", told(None, env::space));
    insta::assert_snapshot!("json", told(None, json::space));
}
