//! Days, as far as it takes to say how old something is.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day, as the number of days since the first of January 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i64);

impl Day {
    /// What this machine takes today to be, in UTC.
    pub(super) fn today() -> Option<Self> {
        const SECONDS: u64 = 86_400;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs() / SECONDS).ok().map(Self)
    }

    /// How many days after `other` it is.
    pub(super) fn since(self, other: Self) -> i64 {
        self.0 - other.0
    }
}

impl FromStr for Day {
    type Err = String;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no day; write it as 2026-09-23");
        let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
        let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = [31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let month = usize::try_from(month).ok().filter(|month| (1..=12).contains(month));
        let month = month.ok_or_else(wrong)?;
        if !(1970..=9999).contains(&year) || !(1..=days[month - 1]).contains(&day) {
            return Err(wrong());
        }
        let years = (1970..year)
            .map(|year| 365 + i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));
        Ok(Self(years.sum::<i64>() + days[..month - 1].iter().sum::<i64>() + day - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        let day = |text: &str| text.parse::<Day>();
        assert_eq!(day("1970-01-01"), Ok(Day(0)));
        assert_eq!(day("2000-03-01"), Ok(Day(11_017)));
        assert_eq!(day("2026-09-23"), Ok(Day(20_719)));
        let [start, end] = ["2026-09-23", "2027-01-21"].map(|text| day(text).expect("a day"));
        assert_eq!(end.since(start), 120);
        for text in ["", "2026-9", "2026-02-29", "2026-13-01", "26-01-01", "2026-01-01-1", "today"]
        {
            assert!(day(text).is_err(), "{text}");
        }
    }
}
