//! Cost of an Argon2id hash, and its lower and upper limits.

use crate::error::{Error, Result};
use argon2::Params;

/// Upper limits of a stored hash, so that one planted in the file cannot exhaust the machine.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_ITERATIONS: u32 = 100;
const MAX_WORK_KIB: u64 = 4 << 20;

/// Pairs of memory (KiB) and iterations with one lane, equivalent by OWASP's Password Storage Cheat
/// Sheet. A policy's cost must reach one of them in both numbers.
const OWASP: [(u32, u32); 5] = [(47104, 1), (19456, 2), (12288, 3), (9216, 4), (7168, 5)];

/// Cost of one Argon2id hash with one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Number of passes over the memory.
    pub iterations: u32,
}

/// The pair of OWASP's Password Storage Cheat Sheet with the least memory: 7 MiB, 5 iterations.
impl Default for Cost {
    fn default() -> Self {
        Cost {
            memory_kib: 7168,
            iterations: 5,
        }
    }
}

impl Cost {
    /// Refuses a cost below all of OWASP's pairs, or above the upper limits.
    pub fn check(self) -> Result<()> {
        let strong = OWASP.iter().any(|&(memory_kib, iterations)| {
            self.memory_kib >= memory_kib && self.iterations >= iterations
        });
        if !strong {
            return Err(self.refused("is too weak").hint(format!(
                "the weakest that OWASP recommends: {}",
                owasp_in_words()
            )));
        }
        self.check_bounds()
    }

    /// Refuses a cost that Argon2 does not allow, or that is above the upper limits.
    pub fn check_bounds(self) -> Result<()> {
        let possible =
            self.memory_kib >= Params::MIN_M_COST && self.iterations >= Params::MIN_T_COST;
        if possible && self.is_affordable() {
            return Ok(());
        }
        Err(self.refused("costs too much").hint(format!(
            "at most {MAX_MEMORY_KIB} KiB, {MAX_ITERATIONS} iterations, and {MAX_WORK_KIB} KiB for the product of the two"
        )))
    }

    fn refused(self, why: &str) -> Error {
        let (memory, iterations) = (self.memory_kib, self.iterations);
        Error::policy(format!(
            "argon2 with {memory} KiB and {iterations} iterations {why}"
        ))
    }

    /// Tells whether the cost is within the upper limits.
    pub(super) fn is_affordable(self) -> bool {
        self.memory_kib <= MAX_MEMORY_KIB
            && self.iterations <= MAX_ITERATIONS
            && u64::from(self.memory_kib) * u64::from(self.iterations) <= MAX_WORK_KIB
    }

    /// Returns the number of such hashes that fit in the memory of the largest one allowed.
    pub(super) fn at_once(self) -> u32 {
        MAX_MEMORY_KIB / self.memory_kib.max(1)
    }
}

fn owasp_in_words() -> String {
    let pairs: Vec<String> = OWASP
        .iter()
        .map(|(memory, iterations)| format!("{memory} KiB with {iterations}"))
        .collect();
    pairs.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cost_below_every_owasp_choice_is_legal() {
        for (memory_kib, iterations) in OWASP {
            let cost = |memory_kib, iterations| Cost {
                memory_kib,
                iterations,
            };
            assert!(cost(memory_kib, iterations).check().is_ok());
            assert!(cost(memory_kib + 1, iterations + 1).check().is_ok());
            assert!(cost(memory_kib - 1, iterations).check().is_err());
            assert!(cost(memory_kib, iterations - 1).check().is_err());
        }
        assert!(
            Cost {
                memory_kib: 1 << 20,
                iterations: 4
            }
            .check()
            .is_ok()
        );
        assert!(
            Cost {
                memory_kib: 1 << 20,
                iterations: 5
            }
            .check()
            .is_err()
        );
        assert!(
            Cost {
                memory_kib: 7168,
                iterations: 101
            }
            .check()
            .is_err()
        );
    }

    #[test]
    fn a_cost_that_no_hash_can_have_is_out_of_bounds() {
        let bounded = |memory_kib, iterations| {
            let cost = Cost {
                memory_kib,
                iterations,
            };
            cost.check_bounds().is_ok()
        };
        assert!(bounded(8, 1));
        assert!(!bounded(7, 1));
        assert!(!bounded(8, 0));
        assert!(bounded(1 << 20, 4));
        assert!(!bounded((1 << 20) + 1, 1));
        assert!(!bounded(8192, 101));
    }
}
