//! A panic is a bug of spacelint. It ends the check of one Space, or one rule's, never the run; and
//! what is said of it must suffice for a report.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

/// Where panics happened that nobody has described yet, first to last. A trace runs on a thread of
/// its own, so the thread is only a hint at whose panic it was.
static PLACES: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());

/// Keeps the default message off the terminal, and remembers the place instead.
pub(crate) fn keep_quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        with_places(|places| places.push((thread::current().id(), place)));
    }));
}

/// Runs `work`; if it panics, says with what.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
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
    let at = with_places(|places| {
        let own = places.iter().position(|(thread, _)| *thread == thread::current().id());
        let index = own.or((!places.is_empty()).then_some(0))?;
        Some(format!(" ({})", places.remove(index).1))
    });
    format!(
        "internal error while {doing}: {message}{}; this is a bug of spacelint, not of the Space, \
         and the rest was checked: please report it, if you can with the file that causes it, at \
         {}/issues",
        at.unwrap_or_default(),
        env!("CARGO_PKG_REPOSITORY")
    )
}

fn with_places<T>(work: impl FnOnce(&mut Vec<(ThreadId, String)>) -> T) -> T {
    work(&mut PLACES.lock().unwrap_or_else(PoisonError::into_inner))
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
