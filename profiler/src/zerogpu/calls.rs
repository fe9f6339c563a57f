//! A call as it is recorded: what the scheduler saw of it, and what the hook told.

use spacelint_knowledge::platform::duration;
use spacelint_knowledge::quota::{allowed, booked, effective_seconds};

use crate::recording::{Call, Outcome};

use super::hook::{Raised, Ran};
use super::ledger::{Ask, Cost, Ended, How};
use super::policy;
use super::work::Work;

/// What is said of a call that waited in vain; `spaces` calls it a queue timeout.
pub(crate) const QUEUE_TIMEOUT: &str = "queue-timeout";
/// What `spaces` says of a worker that is no more.
pub(crate) const ABORTED: &str = "GPU task aborted";
/// What Python raises where something cannot be handed to another process.
pub(crate) const UNPICKLABLE: &str = "PicklingError";

/// A call that is over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Over {
    /// What is recorded.
    pub(crate) call: Call,
    /// What was raised, in words that are the author's business only.
    pub(crate) raised: Option<Raised>,
    /// Whether a tensor on the GPU was in its result.
    pub(crate) has_cuda_result: bool,
    /// Who asked for it; none where the Space itself did.
    pub(crate) visitor: Option<String>,
    /// Whether a worker took it on.
    pub(crate) had_worker: bool,
    /// Whether it was looked into: it is then no call that was timed.
    pub(crate) is_looked_into: bool,
    /// What was seen then.
    pub(crate) work: Option<Work>,
}

/// Puts the two together.
pub(crate) fn over(ended: Ended, ran: Ran) -> Over {
    let outcome = match ended.how {
        How::Released { fail: false } => Outcome::Done,
        How::Released { fail: true } => Outcome::Failed { error: error(&ended, &ran) },
        How::Stopped => Outcome::Stopped,
        How::NeverReleased => Outcome::NeverReleased,
        How::Refused(verdict) => Outcome::Refused { verdict: verdict.to_owned() },
        How::Expired => Outcome::Refused { verdict: QUEUE_TIMEOUT.to_owned() },
        How::Left => Outcome::Left,
    };
    let cold = ended.cold;
    Over {
        raised: ran.error,
        has_cuda_result: ran.has_cuda_result,
        visitor: ended.ask.visitor,
        had_worker: ended.pid.is_some(),
        is_looked_into: ran.is_looked_into,
        work: ran.work,
        call: Call {
            number: ended.number,
            at_seconds: rounded(ended.asked_at),
            function: ran.function,
            endpoint: ended.ask.endpoint,
            size: ended.size.name().to_owned(),
            declared_seconds: ended.cost.declared,
            allowed_seconds: ended.cost.allowed,
            booked_seconds: ended.cost.booked,
            arguments: ran.arguments,
            queued_seconds: rounded(ended.queued),
            used_seconds: rounded(ended.used),
            start_seconds: ended.start.map(rounded),
            transfer_seconds: ran.transfer.map(rounded),
            run_seconds: ran.seconds.map(rounded),
            wall_seconds: None,
            cold,
            peak_bytes: ran.peak,
            outcome,
        },
    }
}

/// A call of a Space outside ZeroGPU, of which the hook alone knows; it ended at `now`.
pub(crate) fn of_plain(ran: Ran, number: u64, now: f64) -> Over {
    let (size, declared) = &ran.declared;
    let declared = declared.and_then(effective_seconds).unwrap_or(duration().default_seconds);
    let given = policy::size(size.as_deref());
    let allowed = allowed(declared, given);
    let cost = Cost { declared, allowed, booked: booked(declared, given) };
    let held = ran.wall.or(ran.seconds).unwrap_or(0.0);
    let how = How::Released { fail: ran.error.is_some() };
    let ended = Ended {
        number,
        ask: Ask {
            task: String::new(),
            seconds: None,
            size: size.clone(),
            visitor: None,
            endpoint: None,
        },
        size: given,
        cost,
        asked_at: now - held,
        queued: 0.0,
        // Under ZeroGPU a generator does not wait for its reader.
        used: ran.seconds.unwrap_or(held),
        start: None,
        pid: None,
        cold: false,
        mark: None,
        how,
    };
    let wall = ran.wall;
    let mut over = over(ended, ran);
    over.call.wall_seconds = wall.map(rounded);
    over.had_worker = true;
    over
}

/// The type of what went wrong.
fn error(ended: &Ended, ran: &Ran) -> String {
    match (&ran.error, ended.pid) {
        (Some(raised), _) => raised.name.clone(),
        // `spaces` gives a GPU back that no worker took for one reason only.
        (None, None) => UNPICKLABLE.to_owned(),
        (None, Some(_)) => ABORTED.to_owned(),
    }
}

/// To the microsecond: what is beyond is noise.
pub(crate) fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}
