//! Broken input for tests: the same on every run.

/// Marsaglia's xorshift.
pub(crate) struct Xorshift(u64);

impl Xorshift {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// `seed` with a few bytes flipped, removed, doubled or replaced by ones that mean something.
pub(crate) fn mutate(seed: &[u8], random: &mut Xorshift) -> Vec<u8> {
    const TELLING: &[u8] = b"\n\r\t :#-\"'[]{}&*!|>?,@%`\\<=;()$/.0\0\xff\xef\xc3";
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => {
                bytes.remove(at);
            }
            2 => bytes.insert(at, TELLING[random.below(TELLING.len())]),
            3 => bytes[at] = TELLING[random.below(TELLING.len())],
            4 => bytes.truncate(at),
            _ => {
                let end = (at + random.below(20)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copy);
            }
        }
    }
    bytes
}
