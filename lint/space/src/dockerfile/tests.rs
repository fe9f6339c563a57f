use super::*;
use crate::testing::{Xorshift, mutate};

fn parse_with(text: &str, there: &[&str]) -> Dockerfile {
    let file = Arc::new(SourceFile::new("Dockerfile", text.into()));
    Dockerfile::parse(&file, &|end| there.contains(&end))
}

/// Where the server listens: name, port and host, with a star for what nobody said.
fn listens(text: &str) -> String {
    listens_with(text, &[])
}

fn listens_with(text: &str, there: &[&str]) -> String {
    let dockerfile = parse_with(text, there);
    let Some(server) = &dockerfile.server else { return "-".to_owned() };
    let said = |value: &str, span: Option<Span>| match span {
        Some(span) => {
            let there = dockerfile.file.text.slice(span);
            assert!(there.contains(value), "{there:?} says {value:?}");
            value.to_owned()
        }
        None => format!("{value}*"),
    };
    let port = server.port.as_ref().map(|it| said(&it.value.to_string(), it.span));
    let host = server.host.as_ref().map(|it| said(&it.value, it.span));
    let [port, host] = [port, host].map(|it| it.unwrap_or_else(|| "?".to_owned()));
    format!("{} {host}:{port}", server.facts.name)
}

fn cmd(command: &str) -> String {
    listens(&format!("FROM python:3.12\nCMD {command}\n"))
}

#[test]
fn a_server_is_told_by_its_options_and_has_the_rest_by_itself() {
    assert_eq!(cmd("[\"uvicorn\", \"app:app\"]"), "uvicorn 127.0.0.1*:8000*");
    assert_eq!(cmd("uvicorn app:app --host 0.0.0.0 --port=7860"), "uvicorn 0.0.0.0:7860");
    assert_eq!(cmd("[\"uvicorn\", \"--port\", \"8080\", \"app:app\"]"), "uvicorn 127.0.0.1*:8080");
    assert_eq!(cmd("gunicorn -w 4 -b 0.0.0.0:7860 app:app"), "gunicorn 0.0.0.0:7860");
    assert_eq!(cmd("gunicorn --bind=:5000 app:app"), "gunicorn :5000");
    assert_eq!(cmd("gunicorn app:app -b0.0.0.0:9004"), "gunicorn 0.0.0.0:9004");
    assert_eq!(cmd("gunicorn -b 0.0.0.0 app:app").split(':').next(), Some("gunicorn 0.0.0.0"));
    assert_eq!(cmd("flask --app x run -p 80 -h '0.0.0.0'"), "flask run 0.0.0.0:80");
    assert_eq!(cmd("streamlit run a.py --server.port \"8080\""), "streamlit run *:8080");
    assert_eq!(cmd("python -m http.server 7860 -d site"), "http.server *:7860");
    assert_eq!(cmd("python3 -m uvicorn app:app"), "uvicorn 127.0.0.1*:8000*");
    assert_eq!(cmd("fastapi dev app.py"), "fastapi dev 127.0.0.1*:8000*");
}

#[test]
fn what_runs_something_else_is_seen_through() {
    for line in [
        "exec uvicorn app:app --port 1",
        "[\"tini\", \"--\", \"uvicorn\", \"app:app\", \"--port\", \"1\"]",
        "[\"sh\", \"-c\", \"mkdir -p x && uvicorn app:app --port 1 2>&1\"]",
        "[\"/opt/venv/bin/uv\", \"run\", \"--no-sync\", \"uvicorn\", \"app:app\", \"--port\", \"1\"]",
        "cd src && uvicorn app:app \\\n  # the platform's\n  --port 1",
        "uvicorn app:app --workers ${N:-2} --port 1",
    ] {
        assert_eq!(cmd(line), "uvicorn 127.0.0.1*:1", "{line}");
    }
}

#[test]
fn what_is_more_than_plain_words_is_not_known() {
    for line in [
        "python app.py",
        "./start.sh",
        "uvicorn app:app & nginx -g 'daemon off;'",
        "service nginx start && uvicorn app:app",
        "uvicorn app:app || true",
        "if true; then uvicorn app:app; fi",
        "$(which uvicorn) app:app",
        "(uvicorn app:app)",
        "uvicorn app:app --uds /tmp/s",
        "gunicorn -c conf.py app:app",
        "[\"sh\", \"-c\", \"python x.py \\\"a\\\" ; uvicorn app:app\"]",
    ] {
        assert_eq!(cmd(line), "-", "{line}");
    }
    assert_eq!(cmd("uvicorn app:app --port $PORT --host 0.0.0.0"), "uvicorn 0.0.0.0:?");
    assert_eq!(cmd("uvicorn app:app $MORE"), "uvicorn ?:?");
    assert_eq!(cmd("gunicorn -b 0.0.0.0:${PORT} app:app"), "gunicorn 0.0.0.0:?");
    assert_eq!(cmd("gunicorn -b unix:/x -b :7860 app:app"), "gunicorn ?:?");
    assert_eq!(cmd("gunicorn -b :80 -b :7860 app:app"), "gunicorn ?:?");
}

#[test]
fn a_variable_or_a_file_may_say_otherwise() {
    let with = |line: &str| listens(&format!("FROM a\n{line}\nCMD uvicorn app:app --port 1\n"));
    assert_eq!(with("ENV A=1 UVICORN_HOST=0.0.0.0"), "uvicorn ?:1");
    assert_eq!(with("ENV UVICORN_HOST 0.0.0.0"), "uvicorn ?:1");
    assert_eq!(with("ARG UVICORN_HOST"), "uvicorn ?:1");
    assert_eq!(with("ENV OTHER=\"UVICORN_HOST=1\""), "uvicorn 127.0.0.1*:1");
    assert_eq!(cmd("UVICORN_HOST=0.0.0.0 uvicorn app:app"), "-");
    let streamlit = "FROM a\nCMD streamlit run app.py\n";
    assert_eq!(listens(streamlit), "streamlit run *:8501*");
    assert_eq!(listens_with(streamlit, &[".streamlit/config.toml"]), "streamlit run ?:?");
    let written =
        "FROM a\nRUN echo '[server]' > ~/.streamlit/config.toml\nCMD streamlit run app.py\n";
    assert_eq!(listens(written), "streamlit run ?:?");
}

#[test]
fn the_last_stage_is_what_runs_and_begins_with_others() {
    let base = "FROM a AS base\nCMD uvicorn app:app --port 1\n";
    assert_eq!(listens(&format!("{base}FROM b\nRUN x\n")), "-");
    assert_eq!(listens(&format!("{base}FROM Base\nRUN x\n")), "uvicorn 127.0.0.1*:1");
    assert_eq!(listens(&format!("{base}FROM base\nENTRYPOINT [\"x\"]\n")), "-");
    let both = "FROM a\nCMD [\"app:app\", \"--port\", \"2\"]\nENTRYPOINT [\"uvicorn\"]\n";
    assert_eq!(listens(both), "uvicorn 127.0.0.1*:2");
    assert_eq!(
        listens("FROM a\nCMD uvicorn a:b\nCMD uvicorn a:b --port 3\n"),
        "uvicorn 127.0.0.1*:3"
    );
    assert_eq!(listens("FROM a\nSHELL [\"x\"]\nCMD uvicorn a:b\n"), "-");
    assert_eq!(listens("FROM a\nENTRYPOINT [\"./x.sh\"]\nCMD [\"uvicorn\", \"a:b\"]\n"), "-");
    assert_eq!(listens("FROM a AS a\nCMD uvicorn a:b\n"), "uvicorn 127.0.0.1*:8000*");
}

/// What each `RUN` reads, with a mark where it can do without, and the secrets that it mounts.
fn runs(text: &str) -> Vec<String> {
    let dockerfile = parse_with(text, &[]);
    let instructions = dockerfile.stages.iter().flat_map(|stage| &stage.instructions);
    let run = |instruction: &Instruction| {
        let Instruction::Run(run) = instruction else { return None };
        let read = |it: &Expansion| {
            let there = dockerfile.file.text.slice(it.span);
            assert!(there.starts_with('$') && there.contains(&it.name), "{there}");
            format!("{}{}", it.name, if it.is_guarded { "?" } else { "" })
        };
        let reads: Vec<String> = run.reads.iter().map(read).collect();
        Some(format!("{} {}", reads.join(" "), run.secrets.join(" ")).trim().to_owned())
    };
    instructions.filter_map(run).collect()
}

#[test]
fn what_a_run_reads_is_found_where_a_shell_reads_it() {
    let text = "FROM a\n\
                RUN a $A \"$B\" '$C' \\$D ${E} ${F:-x} $1 $(cat $G)\n\
                RUN --mount=type=secret,id=H,required=true a $I\n\
                RUN [\"a\", \"$J\"]\n\
                RUN Q=1 a $Q $QQ\n\
                RUN if [ -n \"$K\" ]; then a; fi && b $L\n\
                RUN <<EOF\na $M\nEOF\n\
                RUN <<'EOF'\na $N\nEOF\n\
                RUN a \\\n  # $O\n  $P\n";
    assert_eq!(runs(text), ["A B E F? G", "I H", "", "Q? QQ", "K? L", "M", "", "P"]);
}

#[test]
fn no_mutation_panics_or_shifts_a_span() {
    let seed = "# syntax=docker/dockerfile:1\r\nARG A=é\nFROM python:${A} AS base\nENV A=1 \\\n  B=\"2 3\"\n\
                RUN --mount=type=secret,id=T cat /run/secrets/T && echo \"$T\" '$U' ${V:-1}\n\
                RUN <<EOF\necho $W\nEOF\nFROM base\nENTRYPOINT [\"sh\", \"-c\", \"exec gunicorn -b \
                127.0.0.1:80 é:app\"]\nCMD gunicorn --bind='0.0.0.0:7860' app:app > /dev/null 2>&1 # é\n";
    let mut random = Xorshift::new(11);
    for _ in 0..20_000 {
        let bytes = mutate(seed.as_bytes(), &mut random);
        let file = Arc::new(SourceFile::new("Dockerfile", bytes));
        let dockerfile = Dockerfile::parse(&file, &|_| false);
        if let Some(server) = &dockerfile.server {
            let spans = [Some(server.span), Some(server.last)];
            let said = [
                server.port.as_ref().and_then(|it| it.span),
                server.host.as_ref().and_then(|it| it.span),
            ];
            for span in spans.into_iter().chain(said).flatten() {
                assert!(file.text.as_str().get(span.range()).is_some(), "{span:?}");
            }
        }
    }
}
