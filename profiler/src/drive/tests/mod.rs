//! Plans are held against pages written by hand; calls, scripts and the way in against the real Gradio.

mod odd;
mod plans;
mod real;
mod recorded;
