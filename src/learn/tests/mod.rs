//! Learning held to slow and obviously right implementations, and to figures of others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bar;
mod choice;
mod curve;
mod linear;

use super::{Matrix, Random};

#[test]
fn random_numbers_are_those_of_splitmix64() {
    // The first numbers of the reference implementation (Vigna, https://prng.di.unimi.it/splitmix64.c) from 0.
    let mut random = Random::new(0);
    let numbers = [random.next_u64(), random.next_u64(), random.next_u64()];
    assert_eq!(numbers, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
}

#[test]
fn random_places_are_below_their_end_and_all_occur() {
    let mut random = Random::new(7);
    let mut counts = [0; 5];
    (0..5_000).for_each(|_| counts[random.below(5)] += 1);
    // A thousand each, give or take five standard deviations.
    assert!(counts.iter().all(|count| (858..1_142).contains(count)), "{counts:?}");
    assert_eq!(random.below(1), 0);
}

#[test]
fn shuffling_loses_nothing_and_puts_each_thing_everywhere() {
    let mut random = Random::new(1);
    let mut seen = [[0; 4]; 4];
    for _ in 0..4_000 {
        let mut things = [0, 1, 2, 3];
        random.shuffle(&mut things);
        let mut sorted = things;
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3]);
        (0..4).for_each(|place| seen[things[place]][place] += 1);
    }
    assert!(seen.iter().flatten().all(|count| (863..1_137).contains(count)), "{seen:?}");
    random.shuffle::<u8>(&mut []);
}

#[test]
fn a_matrix_keeps_rows_in_order_of_column_and_nothing_outside() {
    let mut matrix = Matrix::new(3);
    matrix.push([(2, 3.0), (0, 4.0), (3, 9.0), (u32::MAX, 9.0)]);
    matrix.push([]);
    assert_eq!((matrix.rows(), matrix.width()), (2, 3));
    assert_eq!(matrix.row(0).iter().collect::<Vec<_>>(), [(0, 4.0), (2, 3.0)]);
    assert_eq!((matrix.row(0).squared(), matrix.row(1).squared()), (25.0, 0.0));
}
