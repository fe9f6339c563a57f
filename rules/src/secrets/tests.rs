use spacelint_space::Space;

use super::{Need, needs};
use crate::testing::memory;
use crate::{Applicability, Selection, fix};

/// What `app` wants, a line each: how badly, under which names, and at which lines.
fn wants(app: &str) -> Vec<String> {
    let space = Space::read(&memory(&[("README.md", "---\nsdk: gradio\n---\n"), ("app.py", app)]));
    needs(&space)
        .names
        .into_iter()
        .map(|secret| {
            let names: Vec<&str> = std::iter::once(&*secret.name)
                .chain(secret.alternatives.iter().map(|n| &**n))
                .collect();
            let mut lines: Vec<u32> = secret
                .places
                .iter()
                .map(|place| place.file.text.line_of(place.span.start))
                .collect();
            lines.dedup();
            let need = match secret.need {
                Need::Hard => "hard",
                Need::Soft => "soft",
            };
            format!("{need} {} {lines:?}", names.join("|"))
        })
        .collect()
}

/// [`wants`] of statements after the usual imports, the first of them on line 2.
fn of(body: &str) -> Vec<String> {
    wants(&format!("import os, sys, ext, gradio as gr\n{body}"))
}

#[test]
fn what_raises_is_hard_and_what_gives_nothing_is_soft() {
    assert_eq!(of("os.environ['MODEL_PATH']\n"), ["hard MODEL_PATH [2]"]);
    assert_eq!(of("os.getenv('API_KEY')\n"), ["soft API_KEY [2]"]);
    assert_eq!(of("os.getenv('API_KEY', None)\n"), ["soft API_KEY [2]"]);
    assert_eq!(of("os.getenv('API_KEY', '')\n"), ["soft API_KEY [2]"]);
    assert_eq!(of("os.getenv('API_KEY', 'abc')\n"), [""; 0]);
    assert_eq!(of("os.getenv('MODEL_PATH')\n"), [""; 0]);
    assert_eq!(of("os.environ['SPACE_ID'], os.environ['MAX_INPUT_TOKEN_LENGTH']\n"), [""; 0]);
}

#[test]
fn what_the_program_sets_or_asks_after_is_not_needed() {
    assert_eq!(of("os.environ['API_KEY'] = 'x'\nos.environ['API_KEY']\n"), [""; 0]);
    assert_eq!(of("os.environ.setdefault('API_KEY', 'x')\nos.environ['API_KEY']\n"), [""; 0]);
    assert_eq!(of("if 'API_KEY' in os.environ:\n    os.environ['API_KEY']\n"), [""; 0]);
    assert_eq!(of("try:\n    os.environ['API_KEY']\nexcept KeyError:\n    pass\n"), [""; 0]);
    let left = "def f():\n    if 'API_KEY' not in os.environ:\n        return\n    os.environ['API_KEY']\nf()\n";
    assert_eq!(of(left), [""; 0]);
    let left = "import openai\ndef f():\n    key = os.getenv('API_KEY')\n    if not key:\n        return\n    openai.OpenAI(api_key=key)\nf()\n";
    assert_eq!(of(left), ["soft API_KEY [4]"]);
}

#[test]
fn a_key_that_a_visitor_brings_is_not_missing() {
    let client = "import openai\ndef use(x):\n    return openai.OpenAI()\n";
    let brings = "def bring(key):\n    os.environ['OPENAI_API_KEY'] = key\n";
    let hands = "gr.Interface(use)\n";
    assert_eq!(of(&format!("{client}{hands}")), ["hard OPENAI_API_KEY|OPENAI_ADMIN_KEY [4]"]);
    assert_eq!(
        of(&format!("{client}{brings}{hands}gr.Interface(bring)\n")),
        ["soft OPENAI_API_KEY|OPENAI_ADMIN_KEY [4]"]
    );
    let at_once = client.replace("(x):\n", "(x):\n    os.environ['OPENAI_API_KEY'] = x\n");
    assert_eq!(of(&format!("{at_once}{hands}")), [""; 0]);
    let perhaps =
        client.replace("(x):\n", "(x):\n    if x:\n        os.environ['OPENAI_API_KEY'] = x\n");
    assert_eq!(of(&format!("{perhaps}{hands}")), ["soft OPENAI_API_KEY|OPENAI_ADMIN_KEY [6]"]);
    // Start-up is over before a visitor comes, and a value of its own is no other.
    assert_eq!(
        of(&format!("import openai\nopenai.OpenAI()\n{brings}gr.Interface(bring)\n")),
        ["hard OPENAI_API_KEY|OPENAI_ADMIN_KEY [3]"]
    );
    let same =
        "key = os.environ['A_KEY']\nos.environ['A_KEY'] = key.strip()\nos.environ['A_KEY']\n";
    assert_eq!(of(same), ["hard A_KEY [2]"]);
}

#[test]
fn what_something_else_decides_is_soft() {
    let chosen = "if ext.remote():\n    os.environ['API_KEY']\n";
    assert_eq!(of(chosen), ["soft API_KEY [3]"]);
    assert_eq!(of(&chosen.replace("API_KEY", "MODEL_PATH")), [""; 0]);
    let handled = "try:\n    ext.go()\nexcept ext.Error:\n    os.environ['API_KEY']\n";
    assert_eq!(of(handled), [""; 0]);
    // That it did not leave before for another reason is no choice.
    let late =
        "def f(x):\n    if not x:\n        return\n    os.environ['API_KEY']\ngr.Interface(f)\n";
    assert_eq!(of(late), ["hard API_KEY [5]"]);
    // Whether anybody calls it is not known.
    assert_eq!(of("def f():\n    os.environ['API_KEY']\next.keep(f)\n"), ["soft API_KEY [3]"]);
}

#[test]
fn an_app_that_gives_up_needs_what_it_asked_for() {
    let asked = "key = os.getenv('DATABASE')\nif not key:\n    sys.exit('no database')\n";
    assert_eq!(of(asked), ["hard DATABASE [2, 4]"]);
    let either = "a = os.getenv('A_HOST')\nif not a:\n    b = os.getenv('B_HOST')\n    if not b:\n        raise SystemExit\n";
    assert_eq!(of(either), ["hard B_HOST|A_HOST [2, 4, 6]"]);
    let both = "if not os.getenv('A_HOST') or not os.getenv('B_HOST'):\n    raise SystemExit\n";
    assert_eq!(of(both), ["hard A_HOST [2, 3]", "hard B_HOST [2, 3]"]);
    let caught = "try:\n    if not os.getenv('API_KEY'):\n        raise ext.Lack\nexcept Exception:\n    pass\n";
    assert_eq!(of(caught), ["soft API_KEY [3, 4]"]);
}

#[test]
fn one_name_settles_what_it_is_one_of() {
    let body = "import openai\nopenai.OpenAI()\nos.environ['OPENAI_API_KEY']\n";
    assert_eq!(of(body), ["hard OPENAI_API_KEY [3, 4]"]);
    let body = "import openai\nopenai.OpenAI(api_key=os.getenv('MY_KEY'))\n";
    assert_eq!(of(body), ["hard MY_KEY|OPENAI_API_KEY|OPENAI_ADMIN_KEY [3]"]);
}

#[test]
fn a_gated_model_needs_the_token_that_reaches_it() {
    let load =
        "from transformers import AutoModel\nAutoModel.from_pretrained('meta-llama/Llama-3.2-3B'";
    let with = |before: &str, argument: &str| of(&format!("{before}{load}{argument})\n"));
    assert_eq!(with("", ""), ["hard HF_TOKEN [3]"]);
    assert_eq!(with("", ", token=False"), [""; 0]);
    assert_eq!(with("", ", token=ext.token()"), [""; 0]);
    assert_eq!(with("", ", token=os.environ['READ']"), ["hard READ [3]"]);
    assert_eq!(with("", ", token=os.getenv('READ')"), ["hard READ|HF_TOKEN [3]"]);
    let login = "from huggingface_hub import login\n";
    assert_eq!(with(&format!("{login}login(ext.token())\n"), ""), [""; 0]);
    assert_eq!(with(&format!("{login}login(os.environ['READ'])\n"), ""), ["hard READ [3, 5]"]);
    let asks = format!("{login}read = os.getenv('READ')\nif read:\n    login(read)\n");
    assert_eq!(with(&asks, ""), ["hard READ|HF_TOKEN [3, 7]"]);
    assert_eq!(with("os.environ['HF_TOKEN'] = ext.token()\n", ""), [""; 0]);
    assert_eq!(with("os.environ['HF_TOKEN'] = os.environ['READ']\n", ""), ["hard READ [2, 4]"]);
    assert_eq!(of(&load.replace("'meta-llama/Llama-3.2-3B'", "'google/t5-base')\n")), [""; 0]);
    // One of several, or one that another may stand in for, is not needed for sure.
    let some = load.replace("'meta", "'gpt2' if ext.small() else 'meta") + ")\n";
    assert_eq!(of(&some), ["soft HF_TOKEN [3]"]);
    let tried = format!(
        "try:\n    import x\n{}\nexcept OSError:\n    pass\n",
        indented(&format!("{load})"))
    );
    assert_eq!(of(&tried), ["soft HF_TOKEN [5]"]);
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_readme_names_a_variable_by_its_whole_name() {
    let named = |readme: &str| {
        let app = "import os\nos.environ['API_KEY']\n";
        let space = Space::read(&memory(&[("README.md", readme), ("app.py", app)]));
        needs(&space).names[0].named_in_readme
    };
    assert!(named("Set `API_KEY`."));
    assert!(named("---\nsdk: gradio\n# API_KEY\n---\n"));
    assert!(!named("MY_API_KEY, API_KEYS, API_KEY2, api_key"));
    assert!(named("API_KEYS and API_KEY"));
}

/// `readme` after the fixes for an app that needs two names.
fn fixed(readme: &str) -> String {
    let app = "import os\nos.environ['A_KEY']\nos.environ['B_KEY']\n";
    let files = memory(&[("README.md", readme), ("app.py", app)]);
    let selection = Selection { select: vec!["missing-secret".to_owned()], ..Selection::default() };
    let result = fix(files, &selection, Applicability::Unsafe);
    assert!(!result.unsettled && result.report.findings.len() != 1);
    result.files.into_iter().next().map_or_else(|| readme.to_owned(), |file| file.after)
}

#[test]
fn the_fix_writes_where_the_readme_speaks_of_secrets() {
    let a = "`A_KEY`: the Space does not start without it.";
    let b = "`B_KEY`: the Space does not start without it.";
    let card = "---\nsdk: gradio\n---\n";
    let at_end = format!("\n## Secrets\n\n- {a}\n- {b}\n");
    assert_eq!(fixed(card), format!("{card}{at_end}"));
    assert_eq!(fixed(&format!("{card}\nText")), format!("{card}\nText\n{}", at_end.trim_end()));
    assert_eq!(fixed(&format!("{card}\n# A\n\n\n")), format!("{card}\n# A\n{at_end}\n\n"));
    assert_eq!(
        fixed(&format!("{card}## Secrets\n\nBring your own.\n\n# More\n")),
        format!("{card}## Secrets\n\nBring your own.\n\n- {a}\n- {b}\n\n# More\n")
    );
    assert_eq!(
        fixed(&format!("{card}## Secrets\n\n* `C_KEY`\n  of C\n### Which\n")),
        format!("{card}## Secrets\n\n* `C_KEY`\n  of C\n### Which\n\n- {a}\n- {b}\n")
    );
    // A heading in code is none, and the card is no place for prose.
    assert_eq!(
        fixed(&format!("{card}```\n# Secrets\n```\n")),
        format!("{card}```\n# Secrets\n```\n{at_end}")
    );
    assert_eq!(fixed("---\nsdk: gradio\n"), "---\nsdk: gradio\n");
    assert_eq!(fixed("# Only text\n"), format!("# Only text\n{at_end}"));
}

/// What the Space of these files needs besides names, a line each.
fn things(files: &[(&str, &str)]) -> Vec<String> {
    let needs = needs(&Space::read(&memory(files)));
    let all = needs.models.iter().chain(&needs.hardware).chain(&needs.storage);
    all.map(|thing| {
        let lines = thing.places.iter().map(|at| at.file.text.line_of(at.span.start));
        let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
        let need = match thing.need {
            Need::Hard => "hard",
            Need::Soft => "soft",
        };
        format!("{need} {} {}", thing.name, lines.join(","))
    })
    .collect()
}

/// What follows the beginning of a token.
const LETTERS: &str = "QwErTyUiOpAsDfGhJkLzXcVbNmPlOkIjUh";

const CARD: (&str, &str) = ("README.md", "---\nsdk: gradio\n---\n");

#[test]
fn what_is_given_as_a_token_is_a_secret_whatever_it_is_called() {
    let kinds = |body: &str| -> Vec<String> {
        let app = format!("import os, openai, gradio as gr\n{body}");
        let names = needs(&Space::read(&memory(&[CARD, ("app.py", &app)]))).names;
        names
            .iter()
            .map(|secret| format!("{:?} {:?} {}", secret.kind, secret.need, secret.name))
            .collect()
    };
    assert_eq!(kinds("os.environ['MODEL_PATH']\n"), ["Variable Hard MODEL_PATH"]);
    assert_eq!(kinds("os.environ['S3_SECRET']\n"), ["Secret Hard S3_SECRET"]);
    assert_eq!(kinds("openai.OpenAI(api_key=os.environ['LLM'])\n"), ["Secret Hard LLM"]);
    assert_eq!(kinds("openai.OpenAI(api_key=os.getenv('LLM'))\n"), ["Secret Hard LLM"]);
    let login = "from huggingface_hub import login\nlogin(token=os.getenv('READ'))\n";
    assert_eq!(kinds(login), ["Secret Hard READ"]);
    let client = "from gradio_client import Client\nClient('a/b', token=os.getenv('READ'))\n";
    assert_eq!(kinds(client), ["Secret Soft READ"]);
    assert_eq!(kinds("os.getenv('SPACE_ID'), os.getenv('READ'), os.getenv('B', 'x')\n"), [""; 0]);
    let token = format!("os.environ['hf_{LETTERS}']\n");
    assert_eq!(kinds(&token), [format!("Secret Hard hf_{LETTERS}")]);
}

#[test]
fn a_gated_model_is_accepted_however_the_token_comes() {
    let app = "from transformers import AutoModel\nload = AutoModel.from_pretrained\n\
               load('meta-llama/Llama-3.2-3B', token=ext())\nload('google/t5-base')\n\
               load('briaai/RMBG-2.0', token=False)\ntry:\n    load('facebook/sam3')\nexcept OSError:\n    pass\n\
               load('facebook/sam3')\n";
    assert_eq!(
        things(&[CARD, ("app.py", app)]),
        ["hard meta-llama/Llama-3.2-3B 3", "hard facebook/sam3 7,10"]
    );
}

#[test]
fn hardware_is_what_a_duplicate_does_not_get_by_itself() {
    let card = |hardware: &str| format!("---\nsdk: gradio\nsuggested_hardware: {hardware}\n---\n");
    let of = |hardware: &str, app: &str| things(&[("README.md", &card(hardware)), ("app.py", app)]);
    let gpu = "import spaces\n@spaces.GPU\ndef f(): ...\n";
    let moved = "import torch\ntorch.nn.Linear(1, 1).to('cuda')\n";
    assert_eq!(of("cpu-basic", "x = 1\n"), [""; 0]);
    assert_eq!(of("cpu-upgrade", "x = 1\n"), ["soft cpu-upgrade 3"]);
    assert_eq!(of("t4-small", moved), ["hard t4-small 3,2"]);
    assert_eq!(of("cpu-basic", moved), ["hard a GPU 2"]);
    assert_eq!(of("cpu-basic", gpu), ["soft ZeroGPU 1"]);
    assert_eq!(of("zero-a10g", &format!("{gpu}{moved}")), ["hard ZeroGPU 3,1,5"]);
    let set = ("spacelint.toml", "hardware = 'l4x1'\n");
    let files =
        [("README.md", card("t4-small")), ("app.py", gpu.to_owned()), (set.0, set.1.to_owned())];
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(things(&files), ["soft l4x1 1"]);
    for asks in [
        "import torch\nd = 'cuda' if torch.cuda.is_available() else 'cpu'\ntorch.zeros(1).to(d)\n",
        "import torch\nif torch.cuda.is_available():\n    torch.zeros(1).to('cuda')\n",
        "import torch\ntry:\n    torch.zeros(1).to('cuda')\nexcept RuntimeError:\n    pass\n",
    ] {
        assert_eq!(of("cpu-basic", asks), [""; 0], "{asks}");
    }
}

#[test]
fn storage_is_a_path_in_the_folder_of_volumes_or_a_bucket() {
    let app = "'''\n/data\n'''\nA = '/data'\nB = f'/data/{A}'  # '/data/no'\nC = '/database', './data', 'x/data'\n\
               '/data/alone'\nfrom store import save\n";
    let store = "BUCKET = 'hf://buckets/ann/notes/2026'\nNOT = 'hf://buckets/ann', 'hf://buckets/a b/c'\n\
                 def save(to='/data/x'): ...\n";
    assert_eq!(
        things(&[CARD, ("app.py", app), ("store.py", store), ("unused.py", "'/data' + x\n")]),
        ["soft /data 4,5,3", "soft hf://buckets/ann/notes 1"]
    );
    let card = "---\nsdk: gradio\nsuggested_storage: small\n---\n";
    assert_eq!(things(&[("README.md", card), ("app.py", "x = 1\n")]), ["soft /data 3"]);
}

#[test]
fn a_token_in_the_place_of_a_name_is_not_repeated() {
    let token = &format!("hf_{LETTERS}");
    let app = format!("import os\nos.environ['{token}']\n");
    let files = memory(&[("README.md", "---\nsdk: gradio\n---\n"), ("app.py", &app)]);
    let selection = Selection { select: vec!["missing-secret".to_owned()], ..Selection::default() };
    let findings = crate::check(&Space::read(&files), &selection).findings;
    assert_eq!(findings.len(), 1);
    let said = format!("{} {:?}", findings[0].message, findings[0].help);
    assert!(
        said.contains("`hf_***") && said.contains("revoke it") && !said.contains(token),
        "{said}"
    );
    assert!(findings[0].fix.is_none());
}

#[test]
fn a_name_of_two_lines_is_not_written() {
    for name in ["A\\nKEY", "A\\rKEY", "A\\x85KEY"] {
        let app = format!("import os\nos.environ['{name}']\n");
        let files = memory(&[("README.md", "---\nsdk: gradio\n---\n"), ("app.py", &app)]);
        let findings = crate::check(&Space::read(&files), &Selection::default()).findings;
        let finding = findings.iter().find(|it| it.rule.name == "missing-secret");
        assert!(finding.expect("it is missing").fix.is_none(), "{name}");
    }
}
