//! The command line's contract, as data: what is typed, what is printed, what the status is. Each
//! file in `cmd/` reads as a session; `TRYCMD=overwrite cargo test` writes down what is printed now.

#[test]
fn the_command_line_keeps_its_promises() {
    trycmd::TestCases::new()
        .env("LC_ALL", "C.UTF-8")
        .env("COLUMNS", "80")
        .env("NO_COLOR", "1")
        .case("tests/cmd/*.trycmd");
}
