//! The nearest known word to one that is not known.

/// The candidate with the fewest edits from `word`, if it is near enough to be meant: a third of
/// the word's letters, and at least one.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let bound = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= bound)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let first: Vec<usize> = (0..=to.len()).collect();
    let last = from.chars().enumerate().fold(first, |above, (row, letter)| {
        let mut current = vec![row + 1];
        for (index, other) in to.iter().enumerate() {
            let replaced = above[index] + usize::from(letter != *other);
            let shortest = replaced.min(above[index + 1] + 1).min(current[index] + 1);
            current.push(shortest);
        }
        current
    });
    last[to.len()]
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn enumerate<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
