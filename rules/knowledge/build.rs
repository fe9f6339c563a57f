//! Turns the tables beside this file into static Rust data, so that nothing is parsed at run time.

mod tables;

use std::path::Path;
use std::{env, fs, process};

fn main() {
    println!("cargo::rerun-if-changed=tables");
    println!("cargo::rerun-if-changed=build.rs");
    let root = env::var_os("CARGO_MANIFEST_DIR").expect("cargo tells a build script its package");
    let out = env::var_os("OUT_DIR").expect("cargo gives a build script a folder");
    let mut bad = false;
    for table in tables::TABLES {
        let file = Path::new(&root).join(table.file);
        println!("cargo::rerun-if-changed={}", table.file);
        let text = fs::read_to_string(&file).map_err(|error| error.to_string());
        match text.and_then(|text| (table.generate)(&text)) {
            Ok(code) => {
                let target = Path::new(&out).join(table.file).with_extension("rs");
                fs::write(target, code).expect("cargo's own folder can be written");
            }
            Err(error) => {
                // Cargo reads a directive up to the end of its line.
                let text = format!("rules/knowledge/{}: {error}", table.file);
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    println!("cargo::error={line}");
                }
                bad = true;
            }
        }
    }
    if bad {
        process::exit(1);
    }
}
