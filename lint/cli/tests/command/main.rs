//! The real command, run as a user runs it. One program, so that it is linked once.

#[cfg(unix)]
mod action;
mod baseline;
mod check;
mod contract;
mod diagnose;
mod fix;
#[cfg(unix)]
mod hostile;
mod init;
#[cfg(unix)]
mod installed;
mod lock;
mod quota;
mod secrets;
mod server;
mod site;
mod spaces;
mod stdin;
mod support;
mod trace;
