//! The processes of the Space, as `/proc` shows them. A signal goes to nothing that does not descend from a process
//! that the profiler started.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

/// A process.
#[derive(Clone, Copy, Debug)]
struct Process {
    pid: i32,
    parent: i32,
    /// Ended, and not yet waited for.
    is_zombie: bool,
    /// When it began, in the kernel's ticks.
    began: u64,
}

fn process(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let is_zombie = matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    let began = fields.nth(17)?.parse().ok()?;
    Some(Process { pid, parent, is_zombie, began })
}

fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// Whether a process runs.
pub(crate) fn is_alive(pid: i32) -> bool {
    process(pid).is_some_and(|process| !process.is_zombie)
}

/// The process that started `pid`.
pub(crate) fn parent(pid: i32) -> Option<i32> {
    process(pid).map(|process| process.parent)
}

/// The processes that descend from `root`, which is not among them, and that run.
pub(crate) fn descendants(root: i32) -> Vec<i32> {
    let mut children: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
    for process in all() {
        children.entry(process.parent).or_default().push(process);
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for process in children.remove(&parent).unwrap_or_default() {
            open.push(process.pid);
            if !process.is_zombie {
                found.push(process.pid);
            }
        }
    }
    found
}

/// Sends `signal` to `pid`, if that descends from `root`.
pub(crate) fn signal(pid: i32, root: i32, signal: Signal) -> bool {
    let Some(target) = Pid::from_raw(pid) else { return false };
    // Held first and looked at then, so that the number cannot come to mean another process in between.
    let held = pidfd_open(target, PidfdFlags::empty());
    if !descendants(root).contains(&pid) {
        return false;
    }
    match held {
        Ok(held) => pidfd_send_signal(held, signal).is_ok(),
        Err(_) => kill_process(target, signal).is_ok(),
    }
}

/// Ends whatever descends from `root`; false if some of it is still there after `patience`.
pub(crate) fn kill_all(root: i32, patience: Duration) -> bool {
    let end = Instant::now() + patience;
    loop {
        let left = descendants(root);
        if left.is_empty() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        for pid in left {
            signal(pid, root, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The forks of `parent` that began after `mark`, a moment as [`latest`] tells it: children that run the same command.
pub(crate) fn forks(parent: i32, mark: u64) -> Vec<i32> {
    let command = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).ok();
    let own = command(parent);
    all()
        .into_iter()
        .filter(|one| one.parent == parent && !one.is_zombie && one.began >= mark)
        .filter(|one| command(one.pid) == own)
        .map(|one| one.pid)
        .collect()
}

/// The moment, on the clock by which processes begin.
pub(crate) fn latest() -> u64 {
    // Seconds since the machine started; a tick is a hundredth of one on every Linux that Python runs on.
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds: f64 = uptime.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    #[expect(clippy::cast_sign_loss, reason = "the time since the start is not negative")]
    let ticks = (seconds * 100.0) as u64;
    // `uptime` is rounded down.
    ticks.saturating_sub(2)
}

/// Where the processes among `pids` listen, as addresses that reach them from here.
pub(crate) fn listening(pids: &[i32]) -> Vec<SocketAddr> {
    let mut inodes = BTreeSet::new();
    for pid in pids {
        for entry in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
            if let Ok(target) = fs::read_link(entry.path())
                && let Some(inode) = target.to_str().and_then(|text| text.strip_prefix("socket:["))
            {
                inodes.insert(inode.trim_end_matches(']').to_owned());
            }
        }
    }
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(table).unwrap_or_default().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [_, local, _, "0A", _, _, _, _, _, inode, ..] = fields[..]
                && inodes.contains(inode)
            {
                found.extend(address(local));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What `/proc/net` calls `0100007F:1F90`.
fn address(hex: &str) -> Option<SocketAddr> {
    let (host, port) = hex.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for word in host.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        // The kernel prints the words of an address as this machine holds them.
        bytes.extend(word.to_ne_bytes());
    }
    let host = match <[u8; 4]>::try_from(&bytes[..]) {
        Ok(four) => IpAddr::from(four),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(&bytes[..]).ok()?),
    };
    let reachable = match host {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    Some(SocketAddr::new(reachable, port))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn only_what_descends_is_reached() {
        let own = i32::try_from(std::process::id()).expect("a process's number");
        let mark = latest();
        let mut child =
            Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("sleep");
        let pid = i32::try_from(child.id()).expect("a process's number");
        assert!(is_alive(pid) && descendants(own).contains(&pid));
        assert!(process(pid).is_some_and(|process| process.began >= mark));
        assert!(!signal(pid, pid, Signal::KILL) && !signal(1, own, Signal::KILL));
        assert!(is_alive(pid));
        assert!(signal(pid, own, Signal::KILL));
        child.wait().expect("it ends");
        assert!(!is_alive(pid) && !descendants(own).contains(&pid));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn the_kernels_addresses_are_read() {
        let read = |hex| address(hex).map(|address| address.to_string());
        assert_eq!(read("0100007F:1F90").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(read("00000000:1EA4").as_deref(), Some("127.0.0.1:7844"));
        let any = "00000000000000000000000000000000:0050";
        assert_eq!(read(any).as_deref(), Some("[::1]:80"));
        assert_eq!(read("x:1"), None);
    }
}
