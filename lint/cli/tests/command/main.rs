//! The real command, run as a user runs it. One program, so that it is linked once.

#[cfg(unix)]
mod action;
mod check;
mod contract;
mod fix;
mod quota;
mod site;
mod spaces;
mod support;
mod trace;
