//! Enums whose variants each stand for one word in options, JSON and the store.

/// Declares an enum with a word for each variant: `words! { pub enum Role { Owner = "owner", … } }`.
///
/// Gives it `ALL`, `word()`, and a `FromStr` that takes exactly these words.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// All variants, in the order of their declaration.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Word for this variant.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> $crate::error::Result<Self> {
                let mut all = Self::ALL.into_iter();
                all.find(|variant| variant.word() == text).ok_or_else(|| {
                    let message = format!("unknown word {}", $crate::error::quote(text));
                    let known = [$($word),+].join(", ");
                    $crate::error::Error::usage(message).hint(format!("it takes: {known}"))
                })
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::key::State;

    #[test]
    fn parse_takes_exactly_the_word_of_each_variant() {
        for state in State::ALL {
            assert_eq!(state.word().parse(), Ok(state));
        }
        for bad in ["", "Active", "PhasedOut", "active "] {
            let error = bad.parse::<State>().unwrap_err();
            let words = "it takes: deleted, phased-out, expired, disabled, active";
            assert_eq!(error.hint, Some(words.into()), "{bad:?}");
        }
    }
}
