//! ZeroGPU on this machine: the Space runs unchanged, under its own `spaces` in its real ZeroGPU mode, and asks the
//! profiler for GPUs.
//!
//! [`ledger`] decides, [`policy`] holds what it assumes, [`server`] speaks with `spaces`, [`hook`] with the Space's
//! Python, and [`space`] starts and ends the Space. None of it judges.

pub(crate) mod calls;
pub(crate) mod device;
pub(crate) mod guard;
pub(crate) mod hook;
pub(crate) mod ledger;
pub(crate) mod policy;
pub(crate) mod processes;
pub(crate) mod python;
pub(crate) mod server;
pub(crate) mod space;
pub(crate) mod visitor;
pub(crate) mod work;
