//! Whether two rows of times differ by more than chance.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// How often a row is drawn anew from itself.
const DRAWS: usize = 2_000;

/// The middle of `times`.
pub fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Between which the ratio of the medians of what `one` and `two` are drawn from lies, 99 times of
/// 100: by a bootstrap.
pub fn ratio_interval(one: &[f64], two: &[f64]) -> (f64, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut draw = |times: &[f64]| -> f64 {
        let drawn: Vec<f64> = (0..times.len())
            .map(|_| times[random.random_range(0..times.len())])
            .collect();
        median(&drawn)
    };
    let mut ratios: Vec<f64> = (0..DRAWS).map(|_| draw(one) / draw(two)).collect();
    ratios.sort_by(f64::total_cmp);
    (ratios[DRAWS / 200], ratios[DRAWS - 1 - DRAWS / 200])
}

/// How many standard deviations the rank sum of `one` among both lies above what is expected where
/// there is no difference: by Mann and Whitney, of rows that are long and nearly without ties.
pub fn rank_z(one: &[f64], two: &[f64]) -> f64 {
    let (n, m) = (one.len() as f64, two.len() as f64);
    let above: f64 = one
        .iter()
        .map(|a| two.iter().filter(|b| a > b).count() as f64)
        .sum();
    (above - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}
