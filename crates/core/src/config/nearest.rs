//! The known name that a misspelt one most likely meant.

/// The candidate with the fewest edits to `name`; the first one where several are as near.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates.into_iter().min_by_key(|candidate| distance(name, candidate))
}

/// Whether `name` is `known` but for a slip or two of the keyboard.
pub(super) fn is_slip(name: &str, known: &str) -> bool {
    name != known && distance(name, known) <= 2
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one name into the other,
/// whatever their case and whatever joins their words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (folded(a), folded(b));
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut best = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// Longer names than any known one are cut: a hostile key must not cost quadratic time.
fn folded(name: &str) -> Vec<char> {
    let letters = name.chars().take(128).filter(|c| !matches!(c, '-' | '_'));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}
