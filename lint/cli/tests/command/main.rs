//! The real command, run as a user runs it. One program, so that it is linked once.

mod check;
mod contract;
mod fix;
mod lock;
mod quota;
mod secrets;
mod spaces;
mod support;
mod trace;
