//! `spacelint site`: the web site, made of what the program itself carries, so that it cannot say
//! anything else than the program does. Static files that ask for nothing from elsewhere; without
//! JavaScript all is there but the search.

mod code;
mod commands;
mod failures;
mod guide;
mod html;
mod layout;
mod rules;

use std::path::Path;

/// Writes the site into `folder`, which is made if need be and must be empty.
pub(crate) fn write(folder: &Path) -> Result<(), String> {
    let failed = |error| format!("cannot write the site to `{}`: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(format!("`{}` is not empty: name a new folder", folder.display()));
    }
    for pages in ["rules", "failures"] {
        std::fs::create_dir(folder.join(pages)).map_err(failed)?;
    }
    for (path, text) in files() {
        std::fs::write(folder.join(path), text).map_err(failed)?;
    }
    Ok(())
}

/// Every file, by its path.
fn files() -> Vec<(String, String)> {
    let mut files = vec![
        ("index.html".to_owned(), rules::index()),
        ("failures.html".to_owned(), failures::index()),
        ("guide.html".to_owned(), guide::page()),
        ("commands.html".to_owned(), commands::page()),
        ("search-index.js".to_owned(), rules::search_index()),
        ("failures-index.js".to_owned(), failures::search_index()),
        ("search.js".to_owned(), include_str!("site/search.js").to_owned()),
        ("style.css".to_owned(), include_str!("site/style.css").to_owned()),
        ("icon.svg".to_owned(), include_str!("site/icon.svg").to_owned()),
    ];
    files.extend(rules::pages());
    files.extend(failures::pages());
    files
}
