//! Which environment variables a Space wants its owner to set, how badly, and where. It knows the
//! README only as text that names them or not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use spacelint_knowledge::effects::Role as Handed;
use spacelint_knowledge::models::{self, Gate};
use spacelint_knowledge::platform;
use spacelint_python::{Certainty, Guard, Place as At};
use spacelint_space::effect::{Effect, EnvSet, Missing, Token};
use spacelint_space::{Moment, Phase, Role, Space, mentions, tokens};

use super::list::Need;
use super::readme;

/// An environment variable that a Space wants its owner to set.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    /// Its name.
    pub(super) name: Arc<str>,
    /// Other variables, any of which is as good.
    pub(super) alternatives: Vec<Arc<str>>,
    /// Whether it holds a secret: one of its names says so, or it is given as a token or a key.
    pub(super) is_secret: bool,
    /// How badly it is wanted.
    pub(super) need: Need,
    /// Whether the README names it, or one of its alternatives.
    pub(super) named_in_readme: bool,
    /// Where it is read or needed, each place once, in the order of the trace; at least one, and one
    /// at which it is wanted as badly as that.
    pub(super) places: Vec<Place<'a>>,
}

/// A place at which an environment variable is read or needed.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    /// The event.
    pub(super) moment: Moment<'a>,
    /// What happens there.
    pub(super) what: What<'a>,
    /// How badly it is wanted there.
    pub(super) need: Need,
}

/// What happens at a place of an environment variable.
#[derive(Clone, Debug)]
pub(super) enum What<'a> {
    /// It is read, and the program can do without.
    Read,
    /// It is read in a way that raises without it.
    Index,
    /// Something else fails without it, as this clause says.
    Use(&'a str),
    /// This gated model is loaded.
    Load(&'a str, &'static Gate),
}

impl fmt::Display for What<'_> {
    /// What happens there without the variable, as a clause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("the program goes on without it"),
            Self::Index => f.write_str("reading it raises where it is not set"),
            Self::Use(clause) => f.write_str(clause),
            Self::Load(id, gate) => write!(
                f,
                "`{id}` is gated (as of {}), and the Hub refuses it without a token",
                gate.as_of
            ),
        }
    }
}

/// What `space` wants: see [the list](mod@super::list).
pub(super) fn wanted(space: &Space) -> Vec<Wanted<'_>> {
    let wants = wants(space);
    let given = given_as_token(space);
    let is_secret = |name: &Arc<str>| {
        platform::sounds_secret(name) || tokens::may_hold(name) || given.contains(name)
    };
    // What is needed for sure makes the entries. One whose names are all among another's settles that
    // one too.
    // The same names may be wanted at thousands of places, and are looked at once.
    let mut seen: BTreeSet<&[Arc<str>]> = BTreeSet::new();
    let hard = wants.iter().filter(|want| want.place.need == Need::Hard);
    let hard: Vec<&Want<'_>> = hard.filter(|want| seen.insert(&want.names)).collect();
    let mut entries: Vec<(&[Arc<str>], Vec<&Want<'_>>)> = Vec::new();
    for want in &hard {
        let settled = |other: &[Arc<str>]| is_within(other, &want.names);
        let same = |other: &[Arc<str>]| settled(other) && is_within(&want.names, other);
        let is_settled = hard.iter().any(|other| settled(&other.names) && !same(&other.names));
        if !is_settled && !entries.iter().any(|(names, _)| same(names)) {
            entries.push((&want.names, Vec::new()));
        }
    }
    for want in &wants {
        let of_entry = |names: &[Arc<str>]| {
            is_within(names, &want.names)
                || (want.place.need == Need::Soft && is_within(&want.names, names))
        };
        if let Some((_, places)) = entries.iter_mut().find(|(names, _)| of_entry(names)) {
            places.push(want);
        } else if want.names.iter().any(is_secret) {
            entries.push((&want.names, vec![want]));
        }
    }
    let mut found: Vec<(usize, Wanted<'_>)> = entries
        .into_iter()
        .filter_map(|(names, wants)| {
            let at = wants.first()?.order;
            let secret = names.iter().any(is_secret);
            Some((at, entry(space, names, secret, &wants)?))
        })
        .collect();
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, wanted)| wanted).collect()
}

/// Whether every one of `names` is among `others`.
fn is_within(names: &[Arc<str>], others: &[Arc<str>]) -> bool {
    names.iter().all(|name| others.contains(name))
}

/// The variables that are given as a token or a key somewhere.
fn given_as_token(space: &Space) -> BTreeSet<Arc<str>> {
    let mut given = BTreeSet::new();
    for moment in space.moments() {
        let token = match &moment.event.effect {
            Effect::LoadModel(load) => &load.token,
            Effect::Download(download) => &download.token,
            Effect::Client(client) => &client.token,
            Effect::Login(login) => &login.token,
            Effect::NeedEnv(need) if need.is_token => {
                given.extend(need.names.iter().cloned());
                continue;
            }
            _ => continue,
        };
        if let Token::Env(names) = token {
            given.extend(names.iter().cloned());
        }
    }
    given
}

fn entry<'a>(
    space: &Space,
    names: &[Arc<str>],
    is_secret: bool,
    wants: &[&Want<'a>],
) -> Option<Wanted<'a>> {
    let mut shown = shown(names);
    let need = wants.iter().map(|want| want.place.need).min()?;
    let mut places: Vec<Place<'a>> = Vec::new();
    let mut known: BTreeMap<At, usize> = BTreeMap::new();
    for want in wants {
        let index = *known.entry(want.place.moment.place()).or_insert(places.len());
        match places.get_mut(index) {
            // The same place is passed again, perhaps in earnest.
            Some(known) if want.place.need < known.need => *known = want.place.clone(),
            Some(_) => {}
            None => places.push(want.place.clone()),
        }
    }
    Some(Wanted {
        name: shown.remove(0),
        alternatives: shown,
        is_secret,
        need,
        named_in_readme: space
            .readme
            .as_ref()
            .is_some_and(|readme| names.iter().any(|name| readme::names(readme, name))),
        places,
    })
}

/// The names worth telling: of those that the Hub's own library reads, the first.
fn shown(names: &[Arc<str>]) -> Vec<Arc<str>> {
    let hub = platform::hub_token().read;
    let is_hub = |name: &str| hub.contains(&name);
    let first_hub = names.iter().find(|name| is_hub(name));
    names.iter().filter(|name| !is_hub(name) || Some(*name) == first_hub).cloned().collect()
}

/// Something at which one of a few environment variables is wanted.
struct Want<'a> {
    names: Vec<Arc<str>>,
    place: Place<'a>,
    /// Its place in the trace.
    order: usize,
}

impl Place<'_> {
    fn reason(&self) -> String {
        match (self.need, &self.what) {
            (Need::Soft, What::Index | What::Use(_)) => {
                format!("{}, which may never happen", self.what)
            }
            _ => self.what.to_string(),
        }
    }
}

fn wants(space: &Space) -> Vec<Want<'_>> {
    let mut wants: Vec<Want<'_>> = Vec::new();
    let mut tokens = Tokens::default();
    let written = written(space);
    for (order, moment) in space.moments().enumerate() {
        let (mut names, what) = match &moment.event.effect {
            Effect::ReadEnv(read) => match read.missing {
                Missing::Handled => continue,
                Missing::Empty | Missing::None => (vec![Arc::clone(&read.name)], What::Read),
                Missing::Raises => (vec![Arc::clone(&read.name)], What::Index),
            },
            Effect::NeedEnv(need) => (need.names.clone(), What::Use(&need.otherwise)),
            Effect::LoadModel(load) => match tokens.wanted(&load.ids, &load.token, &moment) {
                Some(wanted) => wanted,
                None => continue,
            },
            Effect::Download(download) => {
                match tokens.wanted(&download.ids, &download.token, &moment) {
                    Some(wanted) => wanted,
                    None => continue,
                }
            }
            Effect::Login(login) => {
                tokens.login(&login.token, &moment);
                continue;
            }
            Effect::SetEnv(set) => {
                tokens.set(set, &moment);
                continue;
            }
            _ => continue,
        };
        if names.is_empty() || names.iter().any(|name| platform::is_never_secret(name)) {
            continue;
        }
        let mut seen: BTreeSet<Arc<str>> = BTreeSet::new();
        names.retain(|name| seen.insert(Arc::clone(name)));
        let need = match given(&names, &what, &moment, order, &written) {
            Some(true) => continue,
            Some(false) => Need::Soft,
            None => need(&names, &what, &moment),
        };
        wants.push(Want { names, place: Place { moment, what, need }, order });
    }
    wants
}

/// A variable that the program sets to something that does not come from the same variable.
struct Written {
    name: Arc<str>,
    is_from_environment: bool,
    is_sure: bool,
    root: Option<usize>,
    order: usize,
}

fn written(space: &Space) -> Vec<Written> {
    let moments = space.moments().enumerate();
    moments
        .filter_map(|(order, moment)| {
            let Effect::SetEnv(EnvSet { name: Some(name), from }) = &moment.event.effect else {
                return None;
            };
            if from.as_ref().is_some_and(|from| from.contains(name)) {
                return None;
            }
            Some(Written {
                name: Arc::clone(name),
                is_from_environment: from.is_some(),
                is_sure: !moment.guards().any(|guard| matches!(guard, Guard::Condition { .. })),
                root: moment.event.root,
                order,
            })
        })
        .collect()
}

/// Whether the program itself sets one of `names` before `moment`: for sure, or perhaps, as where a
/// visitor types a key into the page.
fn given(
    names: &[Arc<str>],
    what: &What<'_>,
    moment: &Moment<'_>,
    order: usize,
    written: &[Written],
) -> Option<bool> {
    let root = moment.event.root;
    let relevant = written.iter().filter(|written| {
        names.contains(&written.name)
            // What a token is made of has been looked up.
            && !(written.is_from_environment && matches!(what, What::Load(..)))
            // What a visitor does comes after start-up, in any order.
            && (root.is_some() || (written.root.is_none() && written.order < order))
    });
    let is_before = |written: &Written| {
        written.order < order && (written.root.is_none() || written.root == root)
    };
    relevant.map(|written| written.is_sure && is_before(written)).max()
}

/// How badly one of `names` is wanted at `moment`.
pub(super) fn need(names: &[Arc<str>], what: &What<'_>, moment: &Moment<'_>) -> Need {
    let is_settled = match (&moment.event.effect, what) {
        (_, What::Read) => false,
        (Effect::LoadModel(load), _) => load.settled && !load.open,
        (Effect::Download(download), _) => download.settled && !download.open,
        _ => true,
    };
    // Whether somebody ever calls it is not known.
    let is_loose = moment.role() == Some(Role::Request(Handed::Callback));
    let is_free = moment.guards().any(|guard| match guard {
        // A load may be the program's answer to having a token, or to not having one.
        Guard::Condition { test, .. } => {
            matches!(what, What::Load(..)) || !names.iter().any(|name| mentions(test, name))
        }
        // An app that has left because of something else does not fail for want of this.
        Guard::Passed { test, .. } => {
            matches!(what, What::Load(..)) && names.iter().any(|name| mentions(test, name))
        }
        // The trace has looked for what catches the error of a read.
        Guard::Try { catches } => {
            !matches!(what, What::Index) && catches.iter().any(|class| !is_import_error(class))
        }
        Guard::Handler => true,
    });
    if is_settled && !is_loose && !is_free { Need::Hard } else { Need::Soft }
}

fn is_import_error(class: &str) -> bool {
    matches!(class.trim_start_matches("builtins."), "ImportError" | "ModuleNotFoundError")
}

/// Which token the Hub's own library has at hand.
#[derive(Default)]
struct Tokens {
    /// What the program has given it so far, with the root in which it did.
    given: Vec<(Option<usize>, Given)>,
}

enum Given {
    /// What one of these environment variables holds.
    Env(Vec<Arc<str>>),
    /// A token that no environment variable is needed for.
    Other,
}

impl Tokens {
    fn login(&mut self, token: &Token, moment: &Moment<'_>) {
        let given = match token {
            Token::Env(names) => Given::Env(names.clone()),
            Token::Other => Given::Other,
            Token::Implicit | Token::Refused => return,
        };
        self.given.push((moment.event.root, given));
    }

    fn set(&mut self, set: &EnvSet, moment: &Moment<'_>) {
        let hub = platform::hub_token().read;
        if set.name.as_ref().is_some_and(|name| hub.contains(&&**name)) {
            let given = set.from.clone().map_or(Given::Other, Given::Env);
            self.given.push((moment.event.root, given));
        }
    }

    /// What a load or a download of one of `ids` wants, if that is gated and a variable would help.
    fn wanted<'a>(
        &self,
        ids: &'a [Arc<str>],
        token: &Token,
        moment: &Moment<'_>,
    ) -> Option<(Vec<Arc<str>>, What<'a>)> {
        let (id, gate) = ids.iter().find_map(|id| Some((&**id, models::gate(id)?)))?;
        Some((self.enough(token, moment)?, What::Load(id, gate)))
    }

    /// The environment variables one of which makes a load with that `token` send one; none where it
    /// has one, or will have none.
    fn enough(&self, token: &Token, moment: &Moment<'_>) -> Option<Vec<Arc<str>>> {
        let mut names = match token {
            Token::Implicit => Vec::new(),
            // Where they hold nothing, the library looks for itself.
            Token::Env(names) => names.clone(),
            Token::Refused | Token::Other => return None,
        };
        let root = moment.event.root;
        for (_, given) in self.given.iter().filter(|(at, _)| at.is_none() || *at == root) {
            match given {
                Given::Other => return None,
                Given::Env(more) => names.extend(more.iter().cloned()),
            }
        }
        names.extend(platform::hub_token().read.iter().map(|name| Arc::from(*name)));
        Some(names)
    }
}

impl<'a> Wanted<'a> {
    /// Its name and the alternatives, as "`A` or `B`".
    pub(super) fn title(&self) -> String {
        let names = std::iter::once(&self.name).chain(&self.alternatives);
        names.map(|name| format!("`{}`", tokens::masked(name))).collect::<Vec<_>>().join(" or ")
    }

    /// The first place at which it is wanted as badly as it is wanted anywhere.
    pub(super) fn decisive(&self) -> &Place<'a> {
        self.places.iter().find(|place| place.need == self.need).unwrap_or(&self.places[0])
    }

    /// What happens where it is not set, as a clause.
    pub(super) fn reason(&self) -> String {
        self.decisive().reason()
    }

    /// Whether the Space fails without it before it serves anybody.
    pub(super) fn stops_start_up(&self) -> bool {
        self.places.iter().any(|place| {
            place.need == Need::Hard
                && matches!(place.moment.phase, Phase::BeforeSpaces | Phase::Startup)
        })
    }

    /// How surely the failure happens, of all copies that lack it.
    pub(super) fn certainty(&self) -> Certainty {
        let of = |place: &Place<'_>| {
            // What it depends on is the variable itself.
            let is_asked =
                place.moment.guards().any(|guard| matches!(guard, Guard::Condition { .. }));
            if is_asked { Certainty::Always } else { place.moment.certainty() }
        };
        let failing = self.places.iter().filter(|place| place.need == Need::Hard);
        failing.map(of).max().unwrap_or(Certainty::Sometimes)
    }
}
