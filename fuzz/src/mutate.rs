//! A mutator for a stable compiler: no coverage guides it, so it leans on seeds and words that mean something, and on
//! speed. The same seed gives the same inputs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::Target;

/// Bytes of an input, at the most.
const MAX_LENGTH: usize = 64 << 10;
/// Inputs kept to go on from, beside the seeds.
const KEPT: usize = 256;
/// An input that takes longer is reported as one that crashes is: nothing real takes a hundredth of it.
const SLOW: Duration = Duration::from_secs(5);

/// Runs a target for as many seconds as the first argument says (60), with the seed that the second one says. Ends with
/// the first input that panics or takes long; it is kept in `artifacts/`.
pub fn run(target: &Target) -> ExitCode {
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let seconds = arguments.first().copied().unwrap_or(60);
    let seed = arguments.get(1).copied().unwrap_or(0x2026_1122);
    let started = Instant::now();
    let mut mutator = Mutator::new(target, seed);
    let (mut count, mut slowest) = (0_u64, Duration::ZERO);
    // What ends the process without a panic (a stack that overflows) leaves nothing else behind.
    let last = std::env::temp_dir().join(format!("jiesu-fuzz-{}-last", target.name));
    eprintln!("{}: {seconds} s, seed {seed}; the input being tried is in {}", target.name, last.display());
    while started.elapsed() < Duration::from_secs(seconds) {
        let input = mutator.next();
        if let Err(error) = std::fs::write(&last, &input) {
            eprintln!("{}: {error}", last.display());
            return ExitCode::from(2);
        }
        let began = Instant::now();
        let panicked = catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).is_err();
        let took = began.elapsed();
        (count, slowest) = (count + 1, slowest.max(took));
        if panicked || took > SLOW {
            let place = keep(target, seed, count, &input);
            eprintln!(
                "{}: input {count} of seed {seed} {} after {took:?}: {place}",
                target.name,
                if panicked { "panics" } else { "is slow" }
            );
            return ExitCode::FAILURE;
        }
    }
    println!("{}: {count} inputs in {seconds} s, seed {seed}, slowest {slowest:?}", target.name);
    ExitCode::SUCCESS
}

/// Keeps an input; gives where.
fn keep(target: &Target, seed: u64, count: u64, input: &[u8]) -> String {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "artifacts", target.name].iter().collect();
    let place = folder.join(format!("{seed}-{count}"));
    match std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&place, input)) {
        Ok(()) => place.display().to_string(),
        Err(error) => format!("{}: {error}", place.display()),
    }
}

/// Makes inputs out of seeds.
struct Mutator<'a> {
    target: &'a Target,
    state: u64,
    kept: Vec<Vec<u8>>,
    /// Seeds that have not been given as they are.
    fresh: usize,
}

impl<'a> Mutator<'a> {
    fn new(target: &'a Target, seed: u64) -> Mutator<'a> {
        // A state of zero would stay zero.
        Mutator { target, state: seed | 1 << 63, kept: Vec::new(), fresh: 0 }
    }

    /// Xorshift64* (Vigna 2016).
    fn random(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `most`, or 0 where that is 0.
    fn below(&mut self, most: usize) -> usize {
        (self.random() >> 16) as usize % most.max(1)
    }

    fn next(&mut self) -> Vec<u8> {
        if let Some(seed) = self.target.seeds.get(self.fresh) {
            self.fresh += 1;
            return seed.as_bytes().to_vec();
        }
        let mut input = self.any();
        // Mostly few changes, so that most of an input still means something.
        for _ in 0..=self.below(4) * self.below(4) {
            self.change(&mut input);
        }
        input.truncate(MAX_LENGTH);
        if self.below(20) == 0 {
            let at = self.below(KEPT);
            match self.kept.get_mut(at) {
                Some(place) => place.clone_from(&input),
                None => self.kept.push(input.clone()),
            }
        }
        input
    }

    /// A seed, or an input that was kept.
    fn any(&mut self) -> Vec<u8> {
        if self.below(2) == 0 && !self.kept.is_empty() {
            let at = self.below(self.kept.len());
            return self.kept[at].clone();
        }
        let at = self.below(self.target.seeds.len());
        self.target.seeds[at].as_bytes().to_vec()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.place(input);
        let end = (at + 1 + self.below(12)).min(input.len());
        match self.below(10) {
            0 => input.insert(at, self.random() as u8),
            1 if at < input.len() => input[at] ^= 1 << self.below(8),
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            // The same again, up to many times: depth and length.
            4 => {
                let part = input[at..end.max(at)].to_vec();
                let times = [1, 2, 8, 64, 500][self.below(5)];
                if input.len() + part.len() * times <= MAX_LENGTH {
                    input.splice(at..at, part.repeat(times));
                }
            }
            // A part of another input.
            5 => {
                let other = self.any();
                let from = self.place(&other);
                let to = (from + self.below(64)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            6 if at < end => input[at..end].reverse(),
            // Any character at all.
            7 => {
                let character = char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\u{fffd}');
                input.splice(at..at, character.to_string().into_bytes());
            }
            _ => {
                let word = self.below(self.target.words.len());
                let word = self.target.words[word].bytes();
                let replaced = if self.below(3) == 0 { end } else { at };
                input.splice(at..replaced, word);
            }
        }
    }

    /// A place to change, nearly always between characters.
    fn place(&mut self, input: &[u8]) -> usize {
        let mut at = self.below(input.len() + 1);
        if self.below(50) > 0 {
            while at < input.len() && input[at] & 0xc0 == 0x80 {
                at += 1;
            }
        }
        at
    }
}
