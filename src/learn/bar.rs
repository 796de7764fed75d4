//! From which confidence on an answer may go out by itself.

/// The lower end of the two-sided 95 % score interval for a share (Wilson: *Probable Inference, the Law of
/// Succession, and Statistical Inference*, 1927). `right` and `count` need not be whole numbers; nothing seen is 0.
pub fn wilson_lower(right: f64, count: f64) -> f64 {
    /// The 97.5 % point of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if count <= 0.0 {
        return 0.0;
    }
    let share = (right / count).clamp(0.0, 1.0);
    let square = Z * Z / count;
    let centre = share + square / 2.0;
    let spread = Z * ((share * (1.0 - share) + Z * Z / (4.0 * count)) / count).sqrt();
    ((centre - spread) / (1.0 + square)).max(0.0)
}

/// The lowest confidence from which on (itself included) the answers reach `target` by the lower Wilson bound, where
/// `pool` further answers are taken to be right at the share that goes with a confidence. `None` where no confidence does.
///
/// `answers` are (confidence, right), in any order.
pub fn threshold(answers: &[(f64, bool)], target: f64, pool: impl Fn(f64) -> (f64, f64)) -> Option<f64> {
    let mut sorted = answers.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut count) = (0.0, 0.0);
    let mut found = None;
    for (at, (confidence, is_right)) in sorted.iter().enumerate() {
        count += 1.0;
        right += f64::from(u8::from(*is_right));
        let tied = sorted.get(at + 1).is_some_and(|next| next.0 == *confidence);
        if tied {
            continue;
        }
        let (pool_right, pool_count) = pool(*confidence);
        if wilson_lower(right + pool_right, count + pool_count) >= target {
            found = Some(*confidence);
        }
    }
    found
}
