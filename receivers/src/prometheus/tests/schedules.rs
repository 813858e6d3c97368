//! When targets are scraped.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::schedule::{Grid, first, millis};

fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + millis)
}

#[test]
fn the_first_scrape_is_within_one_interval_at_the_targets_own_place() {
    let interval = Duration::from_secs(15);
    for spread in [0, 1, 7_000_000_000, 14_999_999_999, 15_000_000_000, u64::MAX] {
        for now in [0, 1, 7_500, 14_999] {
            let wait = first(at(now), interval, spread);
            assert!(wait < interval, "{spread} {now}");
            let place = (at(now) + wait).duration_since(UNIX_EPOCH).unwrap().as_nanos() % interval.as_nanos();
            assert_eq!(place, u128::from(spread) % interval.as_nanos(), "{spread} {now}");
        }
    }
}

#[test]
fn places_are_spread_over_the_whole_interval() {
    let interval = Duration::from_secs(10);
    let seconds: BTreeSet<_> = (0..200_u64)
        .map(|n| first(at(0), interval, n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).as_secs())
        .collect();
    assert_eq!(seconds.len(), 10);
}

#[test]
fn timestamps_near_the_grid_are_put_on_it() {
    let mut grid = Grid::new(at(0), Duration::from_secs(1));
    for (now, expected) in
        [(0, 0), (1_001, 1_000), (2_002, 2_000), (3_003, 3_003), (7_002, 7_000), (7_500, 7_500)]
    {
        assert_eq!(millis(grid.align(at(now))), millis(at(expected)), "{now}");
    }
    let mut fast = Grid::new(at(0), Duration::from_millis(100));
    assert_eq!(millis(fast.align(at(102))), millis(at(102)), "the tolerance is a hundredth of the interval");
    assert_eq!(millis(fast.align(at(201))), millis(at(200)));
    let mut later = Grid::new(at(5_000), Duration::from_secs(1));
    assert_eq!(millis(later.align(at(10))), millis(at(10)), "a clock that was set back does no harm");
}
