//! The account of bytes in flight.

use super::*;

#[test]
fn without_a_limit_everything_is_taken_and_counted() {
    let memory = Memory::default();
    let charge = memory.charge(1 << 30);
    assert!(charge.is_some());
    assert_eq!(memory.held(), 1 << 30);
    drop(charge);
    assert_eq!(memory.held(), 0);
}

#[test]
fn beyond_the_limit_nothing_is_taken_until_something_is_given_back() {
    let memory = Memory::default();
    memory.set_limit(Some(64 << 20));
    let first = memory.charge(40 << 20).unwrap();
    assert!(memory.charge(40 << 20).is_none());
    drop(first);
    assert!(memory.charge(40 << 20).is_some());
}

#[test]
fn a_buffer_keeps_its_charge_until_its_last_slice_is_gone() {
    let memory = Memory::default();
    let bytes = memory.charge(3).unwrap().attach(vec![1, 2, 3]);
    let slice = bytes.slice(1..2);
    drop(bytes);
    assert_eq!((memory.held(), &slice[..]), (3, &[2][..]));
    drop(slice);
    assert_eq!(memory.held(), 0);
}

#[test]
fn a_charge_that_shrinks_gives_the_rest_back() {
    let memory = Memory::default();
    let mut charge = memory.charge(100).unwrap();
    charge.shrink_to(60);
    charge.shrink_to(80);
    assert_eq!((charge.bytes(), memory.held()), (60, 60));
}

#[test]
fn many_threads_end_at_nothing() {
    let memory = Memory::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..1000).for_each(|bytes| drop(memory.charge(bytes * 997))));
        }
    });
    assert_eq!(memory.held(), 0);
}

#[test]
fn a_small_part_of_the_limit_may_wait_and_one_always() {
    let memory = Memory::default();
    memory.set_limit(Some(1 << 30));
    let room = usize::try_from(memory.0.limit.load(Ordering::Relaxed) / WAITING_PART).unwrap();
    let first = memory.wait(room);
    assert!(first.is_some());
    assert!(memory.wait(1).is_none(), "the room is full");
    drop(first);
    let giant = memory.wait(usize::MAX);
    assert!(giant.is_some(), "one may wait whatever its size");
    assert!(memory.wait(1).is_none());
    drop(giant);
    let both = (memory.wait(room / 2), memory.wait(room / 2));
    assert!(both.0.is_some() && both.1.is_some());
}
