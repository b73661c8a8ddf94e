//! What was most likely meant by a name that is not known.

/// How alike, from 0 to 1, a known name must be to be suggested for an unknown one.
const ALIKE: f64 = 0.7;

/// The name among `known` that is most like `name`, if one is like it at all.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|&(alike, _)| alike >= ALIKE)
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
        assert_eq!(nearest("zzz", &known), None);
        assert_eq!(nearest("zzz", &[]), None);
    }
}
