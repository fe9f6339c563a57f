//! A panic is a bug of spacelint. It ends the check of one Space, or one rule's, never the run; and
//! what is said of it must suffice for a report.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// Where the panics of this thread happened that nobody has described yet, first to last.
    static PLACES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the default message off the terminal, and remembers the place instead.
pub(crate) fn keep_quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        PLACES.with_borrow_mut(|places| places.push(place));
    }));
}

/// Runs `work`; if it panics, says with what.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    PLACES.with_borrow_mut(Vec::clear);
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        // What `work` itself caught went with it.
        PLACES.with_borrow_mut(|places| drop(places.drain(..places.len().saturating_sub(1))));
        payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned())
    })
}

/// What to say of a panic with `message` while `doing` something. Several are described in the order
/// in which they happened.
pub(crate) fn describe(doing: &str, message: &str) -> String {
    let at = PLACES.with_borrow_mut(|places| {
        if places.is_empty() { String::new() } else { format!(" ({})", places.remove(0)) }
    });
    format!(
        "internal error while {doing}: {message}{at}; this is a bug of spacelint, not of the Space, and \
         the rest was checked: please report it, if you can with the file that causes it, at \
         {}/issues",
        env!("CARGO_PKG_REPOSITORY")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_message() {
        assert_eq!(catch(|| 1), Ok(1));
        let caught = catch(|| panic!("{} went wrong", "this"));
        assert_eq!(caught, Err("this went wrong".to_owned()));
        let said = describe("checking `demo`", "this went wrong");
        assert!(said.starts_with("internal error while checking `demo`: this went wrong"));
        assert!(said.ends_with("/issues"));
    }
}
