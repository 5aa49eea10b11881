//! Random numbers that are the same for the same seed, on every machine.

/// `SplitMix64`. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`; 0 where there is nothing below it.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        let end = u64::try_from(end).unwrap_or(0).max(1);
        i64::try_from(self.next() % end).unwrap_or(0)
    }

    /// A place in a list of `length`.
    pub(super) fn place(&mut self, length: usize) -> usize {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        usize::try_from(self.below(length)).unwrap_or(0)
    }

    /// Yes in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    /// One of a list; none of an empty one.
    pub(super) fn pick<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        let place = self.place(list.len());
        list.get(place)
    }
}
