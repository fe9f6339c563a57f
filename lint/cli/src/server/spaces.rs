//! The Spaces of a session: what was found in each, whether that still holds, and when to check it
//! again.
//!
//! A Space waits for a pause in the typing, but never long; one that somebody asks about does not wait.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use gen_lsp_types::Diagnostic;

use super::checker::Checked;

/// The pause that is waited for after a change.
pub(super) const PAUSE: Duration = Duration::from_millis(40);
/// So long after the first change a Space is checked though the changes go on.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// One Space.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Counts the changes, so that what was checked is told from what is.
    generation: u64,
    /// When it is to be checked; none where nothing changed, or the check is under way.
    due: Option<Due>,
    /// What came last, and of which generation; nothing came of a check that panicked.
    last: Option<(u64, Option<Box<Checked>>)>,
    /// The diagnostics that it has in the editor, by path.
    pub(super) shown: BTreeMap<Utf8PathBuf, Vec<Diagnostic>>,
    /// What was last said to have gone wrong in it.
    pub(super) errors: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    first: Instant,
    at: Instant,
}

impl Known {
    fn is_settled(&self) -> bool {
        self.last.as_ref().is_some_and(|(generation, _)| *generation == self.generation)
    }
}

/// Every Space with a text that is open, or whose folder is.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    known: BTreeMap<Utf8PathBuf, Known>,
    /// The changes so far, of all: one that goes and comes back is not taken for what it was.
    changes: u64,
}

impl Spaces {
    pub(super) fn get_mut(&mut self, root: &Utf8Path) -> Option<&mut Known> {
        self.known.get_mut(root)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Utf8PathBuf, &Known)> {
        self.known.iter()
    }

    /// Keeps the Spaces at `roots`, begins with those that are new, and gives those that are not kept.
    pub(super) fn keep(&mut self, roots: &BTreeSet<Utf8PathBuf>) -> Vec<Known> {
        for root in roots {
            if !self.known.contains_key(root) {
                self.known.insert(root.clone(), Known::default());
                self.changed(root, Duration::ZERO);
            }
        }
        let gone: Vec<_> =
            self.known.keys().filter(|root| !roots.contains(*root)).cloned().collect();
        gone.iter().filter_map(|root| self.known.remove(root)).collect()
    }

    /// The Space at `root` is no longer what was checked; a new check waits for a `pause`.
    pub(super) fn changed(&mut self, root: &Utf8Path, pause: Duration) {
        let Some(known) = self.known.get_mut(root) else { return };
        let now = Instant::now();
        let first = known.due.map_or(now, |due| due.first);
        self.changes += 1;
        known.generation = self.changes;
        known.due = Some(Due { first, at: (now + pause).min(first + LONGEST_WAIT) });
    }

    /// The file at `path` is no longer what it was in any Space that it lies in.
    pub(super) fn changed_at(&mut self, path: &Utf8Path, pause: Duration) {
        let roots: Vec<_> =
            self.known.keys().filter(|root| path.starts_with(root)).cloned().collect();
        for root in roots {
            self.changed(&root, pause);
        }
    }

    /// Somebody waits for the Space at `root`.
    pub(super) fn hurry(&mut self, root: &Utf8Path) {
        if let Some(due) = self.known.get_mut(root).and_then(|known| known.due.as_mut()) {
            due.at = due.first;
        }
    }

    /// When the next check is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.known.values().filter_map(|known| Some(known.due?.at)).min()
    }

    /// The Space to check now, and its generation: the one that waits longest.
    pub(super) fn take_due(&mut self) -> Option<(Utf8PathBuf, u64)> {
        let now = Instant::now();
        let due =
            self.known.iter_mut().filter_map(|(root, known)| Some((known.due?.at, root, known)));
        let (_, root, known) = due.filter(|(at, ..)| *at <= now).min_by_key(|(at, ..)| *at)?;
        known.due = None;
        Some((root.clone(), known.generation))
    }

    /// Takes what came of the check of a generation; false where the Space has changed since, so that
    /// it says nothing of the texts as they are.
    pub(super) fn came(
        &mut self,
        root: &Utf8Path,
        generation: u64,
        checked: Option<Box<Checked>>,
    ) -> bool {
        match self.known.get_mut(root) {
            Some(known) if known.generation == generation => {
                known.last = Some((generation, checked));
                true
            }
            _ => false,
        }
    }

    /// Whether all is known of the Space at `root` that a check can tell of it as it is.
    pub(super) fn is_settled(&self, root: &Utf8Path) -> bool {
        self.known.get(root).is_none_or(Known::is_settled)
    }

    /// The Spaces, with their folders, of which is known what is found in them as they are.
    pub(super) fn settled(&self) -> impl Iterator<Item = (&Utf8Path, &Checked)> {
        self.known.iter().filter(|(_, known)| known.is_settled()).filter_map(|(root, known)| {
            let (_, checked) = known.last.as_ref()?;
            Some((root.as_path(), checked.as_deref()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_waits_for_a_pause_but_not_for_ever() {
        let root = Utf8Path::new("/a");
        let mut spaces = Spaces::default();
        assert!(spaces.keep(&BTreeSet::from([root.to_owned()])).is_empty());
        let (_, first) = spaces.take_due().expect("a new one is due at once");
        assert!(spaces.next_due().is_none() && !spaces.is_settled(root));
        assert!(spaces.came(root, first, None) && spaces.is_settled(root));
        let hour = Duration::from_hours(1);
        spaces.changed(root, hour);
        let due = spaces.next_due().expect("it is due some day");
        assert!(spaces.take_due().is_none() && due <= Instant::now() + LONGEST_WAIT);
        spaces.changed(root, hour);
        assert_eq!(spaces.next_due(), Some(due), "the first change counts");
        spaces.hurry(root);
        let (_, second) = spaces.take_due().expect("somebody waits");
        spaces.changed(root, hour);
        assert!(!spaces.came(root, second, None), "it has changed since");
        assert_eq!(spaces.keep(&BTreeSet::new()).len(), 1);
        assert!(spaces.is_settled(root), "of none there is nothing to know");
    }
}
