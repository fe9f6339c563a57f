//! Who holds a GPU, who waits for one, and what of a visitor's quota is left: the scheduler's state, and nothing that
//! reads a clock, a socket or a process. Times are seconds since the run began.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use spacelint_knowledge::platform::{Backing, Size, Tier, duration};

use super::policy;

/// How this scheduler is set up.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// How many calls can hold a GPU at once.
    pub(crate) slots: usize,
    /// The visitors' class.
    pub(crate) tier: Tier,
    /// What is left of a visitor's quota when they come, in seconds.
    pub(crate) quota_left: i64,
    /// So many calls of a function are to begin with a fresh worker.
    pub(crate) cold_starts: u32,
    /// By what the Space's own `spaces` has multiplied the seconds of a call of the default size; that of the
    /// platform where it knows of the factor and of the platform's GPU.
    pub(crate) client_factor: f64,
    /// By what a `spaces` of that version multiplies them on the platform.
    pub(crate) platform_factor: f64,
}

/// What `spaces` asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ask {
    /// The function, by an identity that holds for one process.
    pub(crate) task: String,
    /// `durationSeconds`, if it was sent.
    pub(crate) seconds: Option<i64>,
    /// `gpuSize`, if it was sent.
    pub(crate) size: Option<String>,
    /// Who asks; none where the Space itself does.
    pub(crate) visitor: Option<String>,
    /// The endpoint that was driven, where the visitor's token tells.
    pub(crate) endpoint: Option<String>,
}

/// What a call costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// What the author declared.
    pub(crate) declared: i64,
    /// How long the call may hold the GPU.
    pub(crate) allowed: i64,
    /// What must be left of the quota.
    pub(crate) booked: i64,
}

/// What `/schedule` is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// A GPU.
    Granted(Grant),
    /// A place in the queue.
    Queued(Ticket),
    /// Nothing.
    Refused(Box<Refusal>),
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// A GPU for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// What the call is known by from here on.
    pub(crate) token: String,
    /// Which of the GPUs.
    pub(crate) slot: usize,
    /// Whether a worker of the same function waits on it.
    pub(crate) idle: bool,
    /// The worker that has to leave it: of another function, or of this one if a fresh one is wanted.
    pub(crate) evicted: Option<i32>,
}

/// Why a call may not begin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// As `X-Approve-Result` names it.
    pub(crate) verdict: &'static str,
    /// Seconds of quota that are left.
    pub(crate) left: i64,
    /// Seconds until there is more; less than none if that never helps.
    pub(crate) wait: i64,
    /// The call.
    pub(crate) ended: Ended,
}

/// What became of waiting.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Turn {
    /// It goes on.
    Wait,
    /// A GPU is there.
    Granted(Grant),
    /// It took too long.
    Expired(Ended),
}

/// A call that is over, or never began.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    /// Counts from 1, in the order in which they were asked for.
    pub(crate) number: u64,
    /// What was asked for.
    pub(crate) ask: Ask,
    /// The size that was given.
    pub(crate) size: Size,
    /// What it cost.
    pub(crate) cost: Cost,
    /// When it was asked for.
    pub(crate) asked_at: f64,
    /// Seconds in the queue.
    pub(crate) queued: f64,
    /// Seconds from the grant to the end.
    pub(crate) used: f64,
    /// Seconds from the grant until the worker was up.
    pub(crate) start: Option<f64>,
    /// The worker.
    pub(crate) pid: Option<i32>,
    /// Whether that is a fresh one.
    pub(crate) cold: bool,
    /// As of [`Ledger::mark`].
    pub(crate) mark: Option<u64>,
    /// How it ended.
    pub(crate) how: How,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The GPU was given back.
    Released {
        /// Whether `spaces` said that the call had failed.
        fail: bool,
    },
    /// It was stopped for having held it too long.
    Stopped,
    /// The GPU was not given back.
    NeverReleased,
    /// It was refused.
    Refused(&'static str),
    /// No GPU became free in time.
    Expired,
    /// The visitor left, or the run was over.
    Left,
}

/// What the clock asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// This worker has held its GPU for longer than allowed.
    Kill(i32),
    /// Whatever was started since this mark for a call that never said who its worker is has to go.
    KillSince(u64),
    /// This call is over without a release.
    Ended(Box<Ended>),
}

#[derive(Clone, Debug)]
struct Lease {
    number: u64,
    ask: Ask,
    size: Size,
    cost: Cost,
    asked_at: f64,
    granted_at: f64,
    start: Option<f64>,
    pid: Option<i32>,
    slot: usize,
    cold: bool,
    mark: Option<u64>,
    /// The function itself is known to be through.
    is_through: bool,
    stopped_at: Option<f64>,
    dead_since: Option<f64>,
}

#[derive(Clone, Debug)]
struct Waiting {
    ticket: Ticket,
    number: u64,
    ask: Ask,
    since: f64,
}

#[derive(Clone, Debug, Default)]
struct Account {
    charged: f64,
    first_use: Option<f64>,
}

/// How often a function was granted a GPU.
#[derive(Clone, Copy, Debug, Default)]
struct Grants {
    all: u64,
    cold: u32,
}

/// A worker that waits for another call of its function.
#[derive(Clone, Debug)]
struct Warm {
    task: String,
    pid: i32,
}

/// The scheduler's state.
#[derive(Debug)]
pub(crate) struct Ledger {
    terms: Terms,
    leases: BTreeMap<String, Lease>,
    queue: VecDeque<Waiting>,
    warm: Vec<Option<Warm>>,
    accounts: BTreeMap<String, Account>,
    grants: BTreeMap<String, Grants>,
    calls: u64,
    tickets: u64,
    /// Whether the weights are more than the default size holds, so that `spaces` leaves its factor out.
    is_promoted: bool,
    /// Whether nobody is refused, and no call is stopped or begins cold for the sake of measuring that.
    is_lenient: bool,
    new_token: fn(u64) -> String,
}

impl Ledger {
    /// A scheduler that nobody has asked yet. `new_token` makes a name that nobody guesses for the call of that
    /// number.
    pub(crate) fn new(terms: Terms, new_token: fn(u64) -> String) -> Self {
        let warm = vec![None; terms.slots];
        Self {
            terms,
            leases: BTreeMap::new(),
            queue: VecDeque::new(),
            warm,
            accounts: BTreeMap::new(),
            grants: BTreeMap::new(),
            calls: 0,
            tickets: 0,
            is_promoted: false,
            is_lenient: false,
            new_token,
        }
    }

    /// What the Space's `spaces` turned out to do.
    pub(crate) fn set_factors(&mut self, client: f64, platform: f64) {
        self.terms.client_factor = client;
        self.terms.platform_factor = platform;
    }

    /// The Space's weights do not fit the default size.
    pub(crate) fn promote(&mut self) {
        self.is_promoted = true;
    }

    /// From now on calls are looked into, which takes longer than they do.
    pub(crate) fn be_lenient(&mut self) {
        self.is_lenient = true;
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The workers that are known to be somebody's.
    pub(crate) fn workers(&self) -> BTreeSet<i32> {
        let running = self.leases.values().filter_map(|lease| lease.pid);
        running.chain(self.warm.iter().flatten().map(|warm| warm.pid)).collect()
    }

    /// Whether a worker is about to come that nobody has heard of yet.
    pub(crate) fn is_worker_expected(&self) -> bool {
        self.leases.values().any(|lease| lease.pid.is_none())
    }

    /// What a call costs that asks for that.
    pub(crate) fn cost(&self, seconds: Option<i64>, sent_size: Option<&str>) -> Cost {
        let size = policy::size(sent_size);
        let without_factor = size == Size::Xlarge || (self.is_promoted && sent_size.is_none());
        let (client, platform) = if without_factor {
            let own = Backing::current().time_factor(Size::Xlarge);
            (own, own)
        } else {
            (self.terms.client_factor, self.terms.platform_factor)
        };
        let (declared, allowed) = if let Some(asked) = seconds {
            let declared = divided(asked, client);
            // A client that knows of the factor has multiplied by it.
            let is_done = same(client, platform);
            (declared, if is_done { asked } else { times(declared, platform) })
        } else {
            let declared = duration().default_seconds;
            (declared, times(declared, platform))
        };
        Cost { declared, allowed, booked: allowed * size.facts().quota_factor }
    }

    /// Somebody asks for a GPU. `is_alive` tells of a worker whether it still is.
    pub(crate) fn ask(&mut self, now: f64, ask: Ask, is_alive: impl Fn(i32) -> bool) -> Answer {
        self.calls += 1;
        let number = self.calls;
        let cost = self.cost(ask.seconds, ask.size.as_deref());
        if let Some((verdict, left, wait)) = self.objection(now, &ask, cost) {
            let ended = self.unbegun(number, ask, now, now, How::Refused(verdict));
            return Answer::Refused(Box::new(Refusal { verdict, left, wait, ended }));
        }
        if self.queue.is_empty()
            && let Some(grant) = self.grant(now, number, &ask, now, is_alive)
        {
            return Answer::Granted(grant);
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.queue.push_back(Waiting { ticket, number, ask, since: now });
        Answer::Queued(ticket)
    }

    /// Why a visitor may not make this call, with the seconds that are left and to wait.
    fn objection(&self, now: f64, ask: &Ask, cost: Cost) -> Option<(&'static str, i64, i64)> {
        // What the Space itself asks for is on nobody's account.
        let visitor = ask.visitor.as_ref().filter(|_| !self.is_lenient)?;
        let left = self.left(visitor);
        if cost.booked > policy::largest_booking(self.terms.tier) {
            return Some(("illegal-duration", left, -1));
        }
        if cost.booked <= left {
            return None;
        }
        let first_use = self.accounts.get(visitor).and_then(|account| account.first_use);
        let wait = policy::QUOTA_SECONDS - first_use.map_or(0.0, |first| now - first);
        Some(("quota-exceeded", left, whole(wait.max(1.0))))
    }

    /// What is left of a visitor's quota: what running calls have booked is not.
    fn left(&self, visitor: &str) -> i64 {
        let charged = self.accounts.get(visitor).map_or(0.0, |account| account.charged);
        let booked: i64 = self
            .leases
            .values()
            .filter(|lease| lease.ask.visitor.as_deref() == Some(visitor))
            .map(|lease| lease.cost.booked)
            .sum();
        (self.terms.quota_left - whole(charged.ceil()) - booked).max(0)
    }

    /// A GPU, if one is free: first one with a worker of the same function, then one without any.
    fn grant(
        &mut self,
        now: f64,
        number: u64,
        ask: &Ask,
        asked_at: f64,
        is_alive: impl Fn(i32) -> bool,
    ) -> Option<Grant> {
        let taken: BTreeSet<usize> = self.leases.values().map(|lease| lease.slot).collect();
        let free = || (0..self.terms.slots).filter(|slot| !taken.contains(slot));
        for slot in free() {
            if self.warm[slot].as_ref().is_some_and(|warm| !is_alive(warm.pid)) {
                self.warm[slot] = None;
            }
        }
        let own = |slot: &usize| self.warm[*slot].as_ref().is_some_and(|w| w.task == ask.task);
        let empty = |slot: &usize| self.warm[*slot].is_none();
        let slot = free().find(own).or_else(|| free().find(empty)).or_else(|| free().next())?;
        let warm = self.warm[slot].take();
        let grants = self.grants.entry(ask.task.clone()).or_default();
        grants.all += 1;
        // Spread over a run of whatever length: the first, the second, the fourth, the eighth.
        let wants_cold = !self.is_lenient
            && grants.all.is_power_of_two()
            && grants.cold < self.terms.cold_starts;
        let idle = !wants_cold && warm.as_ref().is_some_and(|warm| warm.task == ask.task);
        grants.cold += u32::from(!idle);
        let name = (self.new_token)(number);
        let worker = warm.as_ref().map(|warm| warm.pid);
        let lease = Lease {
            number,
            ask: ask.clone(),
            size: policy::size(ask.size.as_deref()),
            cost: self.cost(ask.seconds, ask.size.as_deref()),
            asked_at,
            granted_at: now,
            start: None,
            pid: worker.filter(|_| idle),
            slot,
            cold: !idle,
            mark: None,
            is_through: false,
            stopped_at: None,
            dead_since: None,
        };
        self.leases.insert(name.clone(), lease);
        if let Some(visitor) = &ask.visitor {
            self.accounts.entry(visitor.clone()).or_default().first_use.get_or_insert(now);
        }
        Some(Grant { token: name, slot, idle, evicted: worker.filter(|_| !idle) })
    }

    /// Somebody who waits looks again.
    pub(crate) fn turn(
        &mut self,
        now: f64,
        ticket: Ticket,
        is_alive: impl Fn(i32) -> bool,
    ) -> Turn {
        let Some(place) = self.queue.iter().position(|waiting| waiting.ticket == ticket) else {
            return Turn::Wait;
        };
        if now - self.queue[place].since >= policy::QUEUE_SECONDS {
            return match self.queue.remove(place) {
                Some(waiting) => Turn::Expired(self.left_queue(now, waiting, How::Expired)),
                None => Turn::Wait,
            };
        }
        if place > 0 {
            return Turn::Wait;
        }
        let Waiting { number, ask, since, .. } = self.queue[0].clone();
        match self.grant(now, number, &ask, since, is_alive) {
            Some(grant) => {
                self.queue.pop_front();
                Turn::Granted(grant)
            }
            None => Turn::Wait,
        }
    }

    /// Somebody who waits is gone.
    pub(crate) fn leave(&mut self, now: f64, ticket: Ticket) -> Option<Ended> {
        let place = self.queue.iter().position(|waiting| waiting.ticket == ticket)?;
        let waiting = self.queue.remove(place)?;
        Some(self.left_queue(now, waiting, How::Left))
    }

    fn left_queue(&self, now: f64, waiting: Waiting, how: How) -> Ended {
        self.unbegun(waiting.number, waiting.ask, waiting.since, now, how)
    }

    fn unbegun(&self, number: u64, ask: Ask, asked_at: f64, now: f64, how: How) -> Ended {
        Ended {
            number,
            size: policy::size(ask.size.as_deref()),
            cost: self.cost(ask.seconds, ask.size.as_deref()),
            ask,
            asked_at,
            queued: now - asked_at,
            used: 0.0,
            start: None,
            pid: None,
            cold: false,
            mark: None,
            how,
        }
    }

    /// Its worker, if it needs a fresh one, begins after this moment, of whichever clock.
    pub(crate) fn mark(&mut self, token: &str, mark: u64) {
        if let Some(lease) = self.leases.get_mut(token) {
            lease.mark = Some(mark);
        }
    }

    /// The worker `pid` is up. False if nobody granted it anything.
    pub(crate) fn allow(&mut self, now: f64, token: &str, pid: i32) -> bool {
        let Some(lease) = self.leases.get_mut(token) else {
            return false;
        };
        lease.start = Some(now - lease.granted_at);
        lease.pid = Some(pid);
        true
    }

    /// The function that the worker `pid` runs is through.
    pub(crate) fn through(&mut self, pid: i32) {
        if let Some(lease) = self.leases.values_mut().find(|lease| lease.pid == Some(pid)) {
            lease.is_through = true;
        }
    }

    /// The GPU of `token` is given back. None if nobody holds it.
    pub(crate) fn release(&mut self, now: f64, token: &str, fail: bool) -> Option<Ended> {
        let lease = self.leases.remove(token)?;
        let how = match lease.stopped_at {
            Some(_) => How::Stopped,
            None => How::Released { fail },
        };
        Some(self.end(now, lease, how))
    }

    /// A grant that did not reach its visitor.
    pub(crate) fn undelivered(&mut self, now: f64, token: &str) -> Option<Ended> {
        let lease = self.leases.remove(token)?;
        Some(self.end(now, lease, How::Left))
    }

    /// Whoever is still there when the run ends. Whether all visitors have had their answers by then; else who still
    /// runs is cut off.
    pub(crate) fn close(&mut self, now: f64, is_answered: bool) -> Vec<Ended> {
        let mut all = Vec::new();
        for lease in std::mem::take(&mut self.leases).into_values() {
            let is_cut_off = !is_answered && !lease.is_through && lease.stopped_at.is_none();
            let how = if is_cut_off { How::Left } else { without_release(&lease) };
            all.push(self.end(now, lease, how));
        }
        while let Some(waiting) = self.queue.pop_front() {
            all.push(self.left_queue(now, waiting, How::Left));
        }
        all
    }

    /// Looks at the clock.
    pub(crate) fn tick(&mut self, now: f64, is_alive: impl Fn(i32) -> bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut lost = Vec::new();
        for (token, lease) in &mut self.leases {
            if lease.pid.is_some_and(|pid| !is_alive(pid)) {
                lease.dead_since.get_or_insert(now);
            }
            let held = now - lease.granted_at;
            if lease.stopped_at.is_none()
                && !self.is_lenient
                && held > seconds(lease.cost.allowed) + policy::GRACE_SECONDS
            {
                lease.stopped_at = Some(now);
                effects.extend(lease.pid.map(Effect::Kill).or(lease.mark.map(Effect::KillSince)));
            }
            let since = lease.stopped_at.into_iter().chain(lease.dead_since).reduce(f64::min);
            if since.is_some_and(|since| now - since > policy::RELEASE_SECONDS) {
                lost.push(token.clone());
            }
        }
        for token in lost {
            if let Some(lease) = self.leases.remove(&token) {
                let how = without_release(&lease);
                effects.push(Effect::Ended(Box::new(self.end(now, lease, how))));
            }
        }
        effects
    }

    fn end(&mut self, now: f64, lease: Lease, how: How) -> Ended {
        let used = now - lease.granted_at;
        if let Some(visitor) = &lease.ask.visitor {
            let account = self.accounts.entry(visitor.clone()).or_default();
            account.charged += used * seconds(lease.size.facts().quota_factor);
        }
        if how == (How::Released { fail: false })
            && let Some(pid) = lease.pid
        {
            // `spaces` keeps the worker of a call that went well, and of no other.
            self.warm[lease.slot] = Some(Warm { task: lease.ask.task.clone(), pid });
        }
        Ended {
            number: lease.number,
            ask: lease.ask,
            size: lease.size,
            cost: lease.cost,
            asked_at: lease.asked_at,
            queued: lease.granted_at - lease.asked_at,
            used,
            start: lease.start,
            pid: lease.pid,
            cold: lease.cold,
            mark: lease.mark,
            how,
        }
    }
}

/// What became of a call whose GPU is not given back: one that was stopped while it ran was on its way to do so.
fn without_release(lease: &Lease) -> How {
    if lease.stopped_at.is_some() && !lease.is_through { How::Stopped } else { How::NeverReleased }
}

/// The whole seconds that become `asked` when they are multiplied and rounded.
fn divided(asked: i64, factor: f64) -> i64 {
    let near = whole((seconds(asked) / factor).round());
    [near, near - 1, near + 1].into_iter().find(|&one| times(one, factor) == asked).unwrap_or(near)
}

/// As `spaces` rounds: half to even.
fn times(declared: i64, factor: f64) -> i64 {
    whole((seconds(declared) * factor).round_ties_even())
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < f64::EPSILON
}

#[expect(clippy::cast_precision_loss, reason = "seconds of some days are far below 2^53")]
fn seconds(whole: i64) -> f64 {
    whole as f64
}

fn whole(seconds: f64) -> i64 {
    seconds as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(tier: Tier, slots: usize) -> Ledger {
        let factor = Backing::current().time_factor(Size::Large);
        let terms = Terms {
            slots,
            tier,
            quota_left: tier.quota_seconds(),
            cold_starts: 0,
            client_factor: factor,
            platform_factor: factor,
        };
        Ledger::new(terms, |number| format!("token-{number}"))
    }

    fn ask(task: &str, seconds: i64) -> Ask {
        Ask {
            task: task.to_owned(),
            seconds: Some(seconds),
            size: None,
            visitor: Some("visitor".to_owned()),
            endpoint: None,
        }
    }

    fn granted(answer: Answer) -> Grant {
        match answer {
            Answer::Granted(grant) => grant,
            other => panic!("{other:?}"),
        }
    }

    fn lost(effects: &[Effect]) -> Option<How> {
        match effects {
            [Effect::Ended(ended)] => Some(ended.how),
            _ => None,
        }
    }

    #[test]
    fn what_was_declared_is_what_the_factor_makes_of_it() {
        let ledger = ledger(Tier::Free, 1);
        for declared in [0, 1, 2, 3, 5, 12, 30, 45, 60, 125] {
            let asked = times(declared, 1.5);
            let cost = ledger.cost(Some(asked), None);
            assert_eq!(cost, Cost { declared, allowed: asked, booked: asked });
        }
        let xlarge = Cost { declared: 100, allowed: 100, booked: 200 };
        assert_eq!(ledger.cost(Some(100), Some("xlarge")), xlarge);
        assert_eq!(ledger.cost(None, None), Cost { declared: 60, allowed: 90, booked: 90 });
    }

    #[test]
    fn a_client_without_the_platforms_gpu_is_given_what_it_would_get_there() {
        let mut ledger = ledger(Tier::Free, 1);
        ledger.set_factors(1.0, 1.5);
        assert_eq!(ledger.cost(Some(30), None), Cost { declared: 30, allowed: 45, booked: 45 });
        ledger.set_factors(1.0, 1.0);
        assert_eq!(ledger.cost(Some(30), None), Cost { declared: 30, allowed: 30, booked: 30 });
        ledger.set_factors(1.5, 1.5);
        ledger.promote();
        assert_eq!(ledger.cost(Some(30), None), Cost { declared: 30, allowed: 30, booked: 30 });
    }

    #[test]
    fn a_worker_stays_for_the_same_function_and_makes_way_for_another() {
        let mut ledger = ledger(Tier::Free, 1);
        let first = granted(ledger.ask(0.0, ask("a", 45), |_| true));
        assert_eq!((first.idle, first.evicted), (false, None));
        assert!(ledger.allow(0.5, &first.token, 7));
        let ended = ledger.release(2.0, &first.token, false).expect("it is held");
        assert_eq!((ended.used, ended.start, ended.cold), (2.0, Some(0.5), true));
        assert_eq!(ended.how, How::Released { fail: false });
        let again = granted(ledger.ask(3.0, ask("a", 45), |_| true));
        assert_eq!((again.idle, again.evicted), (true, None));
        let ended = ledger.release(4.0, &again.token, false).expect("it is held");
        assert_eq!((ended.cold, ended.pid), (false, Some(7)));
        let other = granted(ledger.ask(5.0, ask("b", 45), |_| true));
        assert_eq!((other.idle, other.evicted), (false, Some(7)));
        assert!(ledger.is_worker_expected());
        ledger.release(6.0, &other.token, true);
        // Its worker never came up, and the other one is gone.
        let last = granted(ledger.ask(7.0, ask("b", 45), |_| true));
        assert_eq!((last.idle, last.evicted), (false, None));
        assert!(ledger.workers().is_empty());
    }

    #[test]
    fn some_calls_of_a_function_begin_cold_though_a_worker_waits() {
        let mut ledger = ledger(Tier::Enterprise, 1);
        ledger.terms.cold_starts = 3;
        let mut cold = Vec::new();
        for number in 1..=20 {
            let now = f64::from(number) * 10.0;
            let grant = granted(ledger.ask(now, ask("a", 3), |_| true));
            assert_eq!(grant.evicted.is_some(), !grant.idle && number > 1);
            ledger.allow(now, &grant.token, number);
            if ledger.release(now, &grant.token, false).expect("it is held").cold {
                cold.push(number);
            }
        }
        assert_eq!(cold, [1, 2, 4]);
    }

    #[test]
    fn a_dead_or_failed_worker_is_not_used_again() {
        let mut ledger = ledger(Tier::Free, 1);
        let first = granted(ledger.ask(0.0, ask("a", 45), |_| true));
        ledger.allow(0.5, &first.token, 7);
        ledger.release(1.0, &first.token, false);
        assert!(!granted(ledger.ask(2.0, ask("a", 45), |_| false)).idle);
    }

    #[test]
    fn calls_wait_in_their_order_and_not_for_ever() {
        let mut ledger = ledger(Tier::Pro, 1);
        let first = granted(ledger.ask(0.0, ask("a", 45), |_| true));
        let Answer::Queued(second) = ledger.ask(1.0, ask("a", 45), |_| true) else { panic!() };
        let Answer::Queued(third) = ledger.ask(2.0, ask("b", 45), |_| true) else { panic!() };
        assert_eq!(ledger.turn(3.0, second, |_| true), Turn::Wait);
        ledger.allow(3.0, &first.token, 7);
        ledger.release(4.0, &first.token, false);
        assert_eq!(ledger.turn(4.0, third, |_| true), Turn::Wait);
        let Turn::Granted(grant) = ledger.turn(5.0, second, |_| true) else { panic!() };
        assert!(grant.idle);
        let ended = ledger.release(6.0, &grant.token, false).expect("it is held");
        assert_eq!((ended.number, ended.queued, ended.used), (2, 4.0, 1.0));
        let Answer::Queued(fourth) = ledger.ask(6.0, ask("b", 45), |_| true) else { panic!() };
        assert_eq!(ledger.leave(7.0, fourth).map(|ended| ended.how), Some(How::Left));
        let Turn::Expired(ended) = ledger.turn(62.0, third, |_| true) else { panic!() };
        assert_eq!((ended.how, ended.queued), (How::Expired, 60.0));
        assert_eq!(ledger.waiting(), 0);
    }

    #[test]
    fn two_slots_hold_two_calls() {
        let mut ledger = ledger(Tier::Pro, 2);
        let one = granted(ledger.ask(0.0, ask("a", 45), |_| true));
        let two = granted(ledger.ask(0.0, ask("a", 45), |_| true));
        assert_eq!((one.slot, two.slot), (0, 1));
        assert!(matches!(ledger.ask(0.0, ask("a", 45), |_| true), Answer::Queued(_)));
        ledger.allow(0.0, &two.token, 8);
        ledger.release(1.0, &two.token, false);
        let how = |ended: Vec<Ended>| ended.iter().map(|ended| ended.how).collect::<Vec<_>>();
        assert_eq!(how(ledger.close(2.0, true)), [How::NeverReleased, How::Left]);
        granted(ledger.ask(3.0, ask("a", 45), |_| true));
        assert_eq!(how(ledger.close(4.0, false)), [How::Left]);
    }

    #[test]
    fn a_visitor_is_refused_what_is_not_left() {
        let mut ledger = ledger(Tier::Anonymous, 1);
        let Answer::Refused(refusal) = ledger.ask(0.0, ask("a", 121), |_| true) else { panic!() };
        assert_eq!((refusal.verdict, refusal.left, refusal.wait), ("illegal-duration", 120, -1));
        let grant = granted(ledger.ask(0.0, ask("a", 120), |_| true));
        let Answer::Refused(refusal) = ledger.ask(1.0, ask("a", 30), |_| true) else { panic!() };
        assert_eq!((refusal.verdict, refusal.left), ("quota-exceeded", 0));
        ledger.release(40.5, &grant.token, false);
        let Answer::Refused(refusal) = ledger.ask(50.0, ask("a", 80), |_| true) else { panic!() };
        assert_eq!((refusal.left, refusal.wait), (79, 86_350));
        granted(ledger.ask(50.0, ask("a", 79), |_| true));
        // What the Space asks for by itself is nobody's.
        let own = Ask { visitor: None, ..ask("a", 3000) };
        assert!(matches!(ledger.ask(60.0, own, |_| true), Answer::Queued(_)));
    }

    #[test]
    fn a_call_of_xlarge_is_charged_twice() {
        let mut ledger = ledger(Tier::Free, 1);
        let large = Ask { size: Some("xlarge".to_owned()), ..ask("a", 100) };
        let grant = granted(ledger.ask(0.0, large.clone(), |_| true));
        ledger.release(60.0, &grant.token, false);
        let Answer::Refused(refusal) = ledger.ask(60.0, large, |_| true) else { panic!() };
        assert_eq!(refusal.left, 180);
    }

    #[test]
    fn a_call_that_holds_on_is_stopped() {
        let mut ledger = ledger(Tier::Free, 1);
        let grant = granted(ledger.ask(0.0, ask("a", 3), |_| true));
        ledger.allow(0.1, &grant.token, 7);
        assert_eq!(ledger.tick(3.0, |_| true), []);
        assert_eq!(ledger.tick(3.1, |_| true), [Effect::Kill(7)]);
        assert_eq!(ledger.tick(3.2, |_| false), []);
        let ended = ledger.release(3.3, &grant.token, true).expect("it is held");
        assert_eq!(ended.how, How::Stopped);
        // Nor does one stay that never says who its worker is, or whose release never comes.
        let grant = granted(ledger.ask(4.0, ask("a", 3), |_| true));
        ledger.mark(&grant.token, 400);
        assert_eq!(ledger.tick(8.0, |_| true), [Effect::KillSince(400)]);
        let effects = ledger.tick(12.0, |_| true);
        assert_eq!(lost(&effects), Some(How::Stopped));
        assert!(ledger.leases.is_empty());
    }

    #[test]
    fn who_is_looked_into_is_neither_refused_nor_stopped_nor_cold() {
        let mut ledger = ledger(Tier::Anonymous, 1);
        ledger.terms.cold_starts = 5;
        ledger.terms.quota_left = 0;
        let refused = |answer| matches!(answer, Answer::Refused(_));
        assert!(refused(ledger.ask(0.0, ask("a", 3), |_| true)));
        ledger.be_lenient();
        for number in 1..=4 {
            let now = f64::from(number) * 1000.0;
            let grant = granted(ledger.ask(now, ask("a", 3), |_| true));
            assert_eq!(grant.idle, number > 1);
            ledger.allow(now, &grant.token, 7);
            assert_eq!(ledger.tick(now + 900.0, |_| true), []);
            let ended = ledger.release(now + 900.0, &grant.token, false).expect("it is held");
            assert_eq!(ended.how, How::Released { fail: false });
        }
    }

    #[test]
    fn a_release_that_never_comes_is_noticed() {
        let mut ledger = ledger(Tier::Free, 1);
        let grant = granted(ledger.ask(0.0, ask("a", 90), |_| true));
        ledger.allow(0.1, &grant.token, 7);
        assert_eq!(ledger.tick(1.0, |_| false), []);
        let effects = ledger.tick(5.0, |_| false);
        assert_eq!(lost(&effects), Some(How::NeverReleased));
        assert_eq!(ledger.release(6.0, &grant.token, true), None);
        let grant = granted(ledger.ask(10.0, ask("a", 3), |_| true));
        ledger.allow(10.1, &grant.token, 8);
        ledger.through(8);
        ledger.tick(14.0, |_| true);
        let effects = ledger.tick(18.0, |_| false);
        assert_eq!(lost(&effects), Some(How::NeverReleased));
    }
}
