//! What was most likely meant by a name that is not known.

/// How alike, from 0 to 1, a known name must be to be suggested for an unknown one.
const ALIKE: f64 = 0.7;

/// The longest name that is compared, in bytes: longer than any that is known, even with its owner
/// before it. What it costs grows with the length.
const LONGEST: usize = 1024;

/// The name among `known` that is most like `name`, if one is like it at all.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    // Who types in capitals means the same.
    let name = name.to_lowercase();
    known
        .iter()
        .map(|&candidate| {
            let alike = strsim::jaro_winkler(&name, &candidate.to_lowercase());
            (alike, candidate)
        })
        .filter(|&(alike, _)| alike >= ALIKE)
        // Of several that are as much alike, the first.
        .rev()
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_is_meant_and_nothing_that_is_not_alike() {
        let known = ["inference", "project"];
        assert_eq!(nearest("infrence", &known), Some("inference"));
        assert_eq!(nearest("Projects", &known), Some("project"));
        assert_eq!(nearest("INFERENCE", &known), Some("inference"));
        assert_eq!(nearest("projekt", &["PROJECT"]), Some("PROJECT"));
        assert_eq!(nearest("zzz", &known), None);
        assert_eq!(nearest("zzz", &[]), None);
    }

    #[test]
    fn what_is_longer_than_every_name_is_not_compared() {
        let known = "x".repeat(LONGEST);
        assert_eq!(nearest(&known, &[&known]), Some(&*known));
        assert_eq!(nearest(&format!("{known}x"), &[&known]), None);
    }
}
