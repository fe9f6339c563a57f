"""What this repository says of itself, held against what it is.

Each function below is one claim. A claim that does not hold says where and how; the run ends with
how many did and did not, and with status 1 if any did not.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What stands at the top: the rooms of the house, and what tools and people look for there.
TOP = {
    "Cargo.toml", "lint", "profiler", "rules", "testdata", "README.md",
    "CHANGELOG.md", "CONTRIBUTING.md", "Cargo.lock", "LICENSE", "SECURITY.md", "deny.toml",
    "rustfmt.toml", "clippy.toml", "pyproject.toml", ".ci", ".github", ".gitignore",
    ".pre-commit-hooks.yaml", "action.yml",
}  # fmt: skip


def run(*command):
    """The output of a command that must succeed."""
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def spacelint(*arguments):
    """The output of the tool as the tests built it."""
    return run("cargo", "run", "--quiet", "--locked", "-p", "spacelint", "--", *arguments)


def text(path):
    """A tracked text."""
    return (ROOT / path).read_text(encoding="utf-8")


def tracked(*patterns):
    """Tracked files."""
    return [name for name in run("git", "ls-files", "-z", *patterns).split("\0") if name]


def rules():
    """What `spacelint rules` lists, by name."""
    listed = json.loads(spacelint("rules", "--format", "json"))["rules"]
    return {rule["name"]: rule for rule in listed}


def same(what, claimed, real):
    """A line for each side that has what the other lacks."""
    claimed, real = set(claimed), set(real)
    yield from (f"{what}: claims {one}, which is not so" for one in sorted(claimed - real))
    yield from (f"{what}: does not have {one}" for one in sorted(real - claimed))


def section(path, heading):
    """The text under a heading, up to the next one of its level or above."""
    level = heading.split(" ")[0]
    body = text(path).split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{1,{len(level)}}} ", body, maxsplit=1, flags=re.MULTILINE)[0]


def copied():
    """What a text shows of the real thing: text, the mark before it, language, the real thing.

    What has no language is a table, and stands as it is.
    """
    rows = ["| rule | severity | fix | what happens |", "|---|---|---|---|"] + [
        f"| `{name}`{'*' if rule['strict'] else ''} | {rule['severity']} | {rule['fix'] or ''} | {rule['summary']} |"
        for name, rule in rules().items()
    ]
    yield "README.md", "rules", None, "\n".join(rows)
    for command, shown in (
        ("first", "report"),
        ("from a log", "diagnosis"),
        ("then", "trace"),
        ("next", "quota"),
        ("then again", "secrets"),
    ):
        typed = re.search(
            rf"^<!-- {command} -->\n```sh\n.*spacelint(?: --)? (.*)\n```", text("README.md"), re.MULTILINE
        )
        printed = subprocess.run(
            ["cargo", "run", "--quiet", "--locked", "-p", "spacelint", "--", *typed[1].split()],
            cwd=ROOT,
            check=False,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
        ).stdout
        yield "README.md", shown, "text", printed
    marks = re.findall(r"^<!-- (file (\S+)) -->$", text("CONTRIBUTING.md"), re.MULTILINE)
    for mark, path in marks:
        language = {".rs": "rust", ".md": "markdown"}[Path(path).suffix]
        yield "CONTRIBUTING.md", mark, language, text(path)


def renewed(path, mark, language, real):
    """The text with the block after the mark made anew."""
    if language is None:
        old = rf"^<!-- {re.escape(mark)} -->\n(?:\|.*\n)*"
        block = f"<!-- {mark} -->\n{real}\n"
        return re.sub(old, lambda _: block, text(path), count=1, flags=re.MULTILINE)
    ticks = "`" * max(3, 1 + max(map(len, re.findall(r"`{3,}", real)), default=0))
    # No editor keeps the spaces at the ends of lines.
    lines = "\n".join(line.rstrip() for line in real.strip("\n").splitlines())
    block = f"<!-- {mark} -->\n{ticks}{language}\n{lines}\n{ticks}\n"
    old = rf"^<!-- {re.escape(mark)} -->\n(?:(`{{3,}}).*?^\1\n)?"
    return re.sub(old, lambda _: block, text(path), count=1, flags=re.MULTILINE | re.DOTALL)


def what_is_shown_is_real():
    """The README's report and table of rules, and the rule in CONTRIBUTING.md."""
    for path, mark, language, real in copied():
        if renewed(path, mark, language, real) != text(path):
            yield f"{path}: `<!-- {mark} -->` has changed: run `python3 .ci/claims.py --renew`"


def the_changelog_names_every_rule():
    """Each rule stands under the release that its listing says it came with."""
    unreleased = section("CHANGELOG.md", "## [Unreleased]")
    names = re.findall(r"^  - `([a-z-]+)`", unreleased, re.MULTILINE)
    version = re.search(r"^The next release is (\S+)\.$", unreleased, re.MULTILINE)[1]
    real = [name for name, rule in rules().items() if rule["since"] == version]
    yield from same("CHANGELOG.md", names, real)


def every_rule_is_two_files():
    """`rules/src/<category>/<name>.rs` and `.md`, as CONTRIBUTING.md shows."""
    real = [f"{r['category']}/{name}" for name, r in rules().items()]
    pages = {
        f"{Path(p).parent.name}/{Path(p).stem}".replace("_", "-"): p
        for p in tracked(":(glob)rules/src/*/*.md")
    }
    yield from same("rules/src", pages, real)
    for page in pages.values():
        if not (ROOT / page).with_suffix(".rs").is_file():
            yield f"{page}: has no .rs file beside it"


def found_by_a_reader():
    """The findings in the tables of testdata/README.md, by Space."""
    found = {}
    for line in text("testdata/README.md").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 4 or cells[0] in ("Space", "line of app.py") or set(cells[0]) <= {"-"}:
            continue
        name = re.fullmatch(r"`([a-z0-9-]+)`", cells[0])
        if name:
            places = re.findall(r"`([a-z-]+)` ([\w./\\-]+):(\d+)", cells[2])
            found.setdefault(name[1], set()).update(
                (rule, path.replace("\\", ""), int(number)) for rule, path, number in places
            )
        else:
            rule = re.search(r"`([a-z-]+)`", cells[3])
            moved = re.search(r"on line (\d+)", cells[3])
            for number in [moved[1]] if moved else cells[0].split(", "):
                if rule:
                    found["durations"].add((rule[1], "app.py", int(number)))
    return found


def the_reader_and_the_tool_agree():
    """testdata/README.md against the expected JSON of each Space."""
    folders = {Path(name).parts[2] for name in tracked("testdata/spaces/*/*")}
    expected = {
        Path(name).name.removesuffix(".expected.json"): name
        for name in tracked("testdata/spaces/*.expected.json")
    }
    found = found_by_a_reader()
    yield from same("testdata/README.md", found, folders)
    yield from same("testdata/spaces/*.expected.json", expected, folders)
    for name in sorted(folders & set(found) & set(expected)):
        real = set()
        for one in json.loads(text(expected[name]))["diagnostics"]:
            path = one["path"].split(f"{name}/", 1)[-1]
            real.add((one["rule"], path, one["start"]["line"]))
        yield from same(f"testdata/README.md, {name}", found[name], real)


def the_top_is_tidy():
    """Nothing at the top that CONTRIBUTING.md does not explain or convention does not ask for."""
    for name in sorted({Path(path).parts[0] for path in tracked()} - TOP):
        yield f"{name}: is not one of the rooms"


def no_path_of_a_machine():
    """No file names a place that only one machine has, save what others have posted of theirs."""
    pattern = re.compile(r"(?<![a-z])/(?:wor[k]|roo[t]|far[m])/|artifactor[y]")
    for path in (path for path in tracked() if not path.startswith("testdata/logs/issues")):
        raw = (ROOT / path).read_bytes()
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                yield f"{path}:{number}: names a path or host of one machine"


def only_the_profiler_is_left_out():
    """A plain `cargo build` builds every crate but the profiler's."""
    metadata = json.loads(
        run("cargo", "metadata", "--no-deps", "--format-version", "1", "--locked")
    )
    left_out = set(metadata["workspace_members"]) - set(metadata["workspace_default_members"])
    for package in metadata["packages"]:
        profiler = Path(package["manifest_path"]).is_relative_to(ROOT / "profiler")
        if (package["id"] in left_out) != profiler:
            yield f"{package['name']}: default-members is wrong about it"


def one_version_of_rust():
    """README, CONTRIBUTING and the workflows name the Rust that the workspace asks for."""
    version = re.search(r'^rust-version = "([\d.]+)"', text("Cargo.toml"), re.MULTILINE)[1]
    for path in ("README.md", "CONTRIBUTING.md", *tracked(".github/workflows/*.yml")):
        named = set(re.findall(r"(?:Rust|rustup toolchain install) (\d+\.\d+)", text(path)))
        if named != {version}:
            yield f"{path}: names Rust {', '.join(sorted(named)) or 'nowhere'}, it is {version}"


def the_source_distribution_is_whole():
    """What a crate includes from outside itself goes with it where it is built from the source distribution."""
    # The README goes as the package's own.
    packed = {"README.md", *re.findall(r'path = "([^"*]+)", format = "sdist"', text("pyproject.toml"))}
    crates = {str(Path(name).parent) for name in tracked("*Cargo.toml")} - {"."}
    for source in tracked("lint/*/src/*.rs", "rules/*.rs"):
        crate = max((one for one in crates if source.startswith(f"{one}/")), key=len)
        for target in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', text(source)):
            path = os.path.relpath((ROOT / source).parent / target, ROOT)
            if not path.startswith(f"{crate}/") and path not in packed:
                yield f"{source}: includes {path}, which pyproject.toml leaves out"


def links_lead_somewhere():
    """Relative links in the texts at the top."""
    for path in tracked("*.md"):
        if "/" in path:
            continue
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text(path)):
            if not (ROOT / target).exists():
                yield f"{path}: links to {target}, which is not there"


def every_limit_is_as_written():
    """Each limit in README.md stands so in the source."""
    pattern = r"const ([A-Z_]+): \w+ = ([\d_ *<]+);|^ {12}([a-z_]+): ([\d_ *<]+),$"
    found = {}
    for path in tracked("lint/*.rs", "rules/src/*.rs"):
        for const, value, field, other in re.findall(pattern, text(path), re.MULTILINE):
            found.setdefault(const or field, set()).add(eval(value or other))  # noqa: S307 - digits and operators
    for line in section("README.md", "## Limits").splitlines():
        row = re.fullmatch(r"\| .+ \| ([\d,]+)[^|]* \| .+ \| `(\w+)` \|", line)
        if row and int(row[1].replace(",", "")) not in found.get(row[2], ()):
            yield f"README.md: {row[2]} is {found.get(row[2])}, not {row[1]}"


CLAIMS = [
    what_is_shown_is_real,
    the_changelog_names_every_rule,
    every_rule_is_two_files,
    the_reader_and_the_tool_agree,
    the_top_is_tidy,
    no_path_of_a_machine,
    only_the_profiler_is_left_out,
    one_version_of_rust,
    the_source_distribution_is_whole,
    links_lead_somewhere,
    every_limit_is_as_written,
]


def main():
    """Check every claim, or with `--renew` copy first what the texts show of the real thing."""
    if sys.argv[1:] == ["--renew"]:
        for path, mark, language, real in copied():
            (ROOT / path).write_text(renewed(path, mark, language, real), encoding="utf-8")
    elif sys.argv[1:]:
        sys.exit("usage: claims.py [--renew]")
    failed = 0
    for claim in CLAIMS:
        wrong = list(claim())
        failed += bool(wrong)
        print("failed" if wrong else "ok    ", claim.__name__.replace("_", " "))
        for line in wrong:
            print("       ", line)
    print(f"{len(CLAIMS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
