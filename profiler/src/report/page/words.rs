//! Numbers and texts as the page says them.

use spacelint_space::escape::escape;

/// Longer than any run: what claims more would push all else off the page.
const MOST_SECONDS: f64 = 1e7;
/// A bar's label is cut here, in letters.
const LABEL: usize = 40;

/// So many of them.
pub(in super::super) fn number(count: usize, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{count} {of}s") }
}

/// Text of a recording as it may be shown; HTML is escaped beyond this.
pub(super) fn safe(text: &str) -> String {
    escape(text).into_owned()
}

pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= LABEL {
        return text.to_owned();
    }
    text.chars().take(LABEL - 1).chain(['…']).collect()
}

/// Seconds as a chart can hold them, whatever the recording claims.
pub(super) fn held(seconds: f64) -> f64 {
    seconds.clamp(0.0, MOST_SECONDS)
}

pub(super) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Seconds in words, as exact as they are of use.
pub(in super::super) fn seconds(value: f64) -> String {
    if value == 0.0 {
        "0\u{a0}s".to_owned()
    } else if value < 0.1 {
        format!("{:.1}\u{a0}ms", value * 1e3)
    } else if value < 10.0 {
        format!("{value:.2}\u{a0}s")
    } else if value < 100.0 {
        format!("{value:.1}\u{a0}s")
    } else {
        format!("{value:.0}\u{a0}s")
    }
}

pub(super) fn percent(share: f64) -> String {
    let value = share * 100.0;
    let text =
        if value.fract().abs() < 1e-6 { format!("{value:.0}") } else { format!("{value:.1}") };
    format!("{text}\u{a0}%")
}

pub(super) fn gigabytes(count: u64) -> String {
    format!("{:.1}\u{a0}GB", bytes(count) / 1e9)
}

#[expect(clippy::cast_precision_loss, reason = "a tenth of a gigabyte is shown")]
pub(super) fn bytes(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "what is drawn is no more exact than a pixel")]
pub(super) fn whole(count: i64) -> f64 {
    count as f64
}

/// A moment as it was written, in fewer letters.
pub(super) fn moment(text: &str) -> String {
    text.parse::<jiff::Timestamp>()
        .map_or_else(|_| safe(text), |it| it.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

pub(super) fn visitor(name: &str) -> String {
    use clap::ValueEnum;

    let class = crate::args::Class::from_str(name, true);
    class.map_or_else(
        |_| safe(name),
        |class| {
            let tier = class.tier();
            format!("{}, {} s of quota a day", tier.label(), tier.quota_seconds())
        },
    )
}
