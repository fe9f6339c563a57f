//! The server through a connection in memory, as an editor drives it.

mod actions;
mod conversation;
mod editor;
mod found;
mod shown;
