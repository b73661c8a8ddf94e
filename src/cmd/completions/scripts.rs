//! The scripts, which ask the program at each Tab.
//!
//! Those for bash and zsh are written here: bash takes a word apart at `:` and `=`, which scopes and
//! labels have in them, and zsh is to find the script in a directory of `$fpath` as well as by `eval`.
//! The others are clap_complete's.

use super::VARIABLE;
use crate::error::Result;
use crate::output::unwritable;
use clap_complete::Shell;
use clap_complete::env::{Elvish, EnvCompleter, Fish, Powershell};

/// The script for `shell` that completes the command `name` by asking `program`.
pub fn script(shell: Shell, name: &str, program: &str) -> Result<Vec<u8>> {
    let ours = |script: &str, function: String| {
        script
            .replace("@FUNCTION@", &function)
            .replace("@NAME@", name)
            .replace("@VARIABLE@", VARIABLE)
            .replace("@PROGRAM@", &quoted(program))
            .into_bytes()
    };
    let theirs = |shell: &dyn EnvCompleter| {
        let mut script = Vec::new();
        let written = shell.write_registration(VARIABLE, name, name, program, &mut script);
        written.map_err(|cause| unwritable(&cause))?;
        Ok(script)
    };
    match shell {
        Shell::Bash => Ok(ours(
            BASH,
            format!("_{}", name.replace(['-', '.', '+'], "_")),
        )),
        // The name of the file that zsh would look for.
        Shell::Zsh => Ok(ours(ZSH, format!("_{name}"))),
        Shell::Elvish => theirs(&Elvish),
        Shell::PowerShell => theirs(&Powershell),
        _ => theirs(&Fish),
    }
}

/// `text` as one word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// For bash 3.2, which macOS has, and newer. What bash took apart is put together again, and of each
/// answer the part is given back that bash is at.
const BASH: &str = r#"@FUNCTION@() {
    local line=${COMP_LINE:0:COMP_POINT} rest word i value help open=
    local -a words=() values=() helps=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && word=$rest
        if ((i > 0)) && [[ $rest == "$line" && -n $line ]]; then
            words[${#words[@]}-1]+=$word
        else
            words[${#words[@]}]=$word
        fi
        line=${rest#"$word"}
    done
    word=${words[${#words[@]}-1]}
    [[ $word == [\"\']* ]] && open=${word:0:1}
    word=${word#[\"\']}
    words[${#words[@]}-1]=${word//\\/}

    while IFS=$'\t' read -r value help; do
        values[${#values[@]}]=$value
        helps[${#helps[@]}]=$help
    done < <(@VARIABLE@=bash @PROGRAM@ -- "${words[@]}" 2>/dev/null)

    word=${words[${#words[@]}-1]}
    [[ -z $open && $word == *[:=]* ]] && word=${word%"${word##*[:=]}"} || word=
    COMPREPLY=()
    for ((i = 0; i < ${#values[@]}; i++)); do
        value=${values[i]#"$word"}
        [[ -z $open ]] && printf -v value '%q' "$value"
        # Only while all are listed: what is put on the line is the value alone.
        if ((COMP_TYPE == 63 && ${#values[@]} > 1)) && [[ -n ${helps[i]} ]]; then
            value+="  (${helps[i]})"
        fi
        COMPREPLY[i]=$value
    done
    if [[ ${#values[@]} == 1 && ${values[0]} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o nosort -F @FUNCTION@ @NAME@ 2>/dev/null || complete -F @FUNCTION@ @NAME@
"#;

/// For zsh 5, by `eval` or as a file named after the function in a directory of `$fpath`.
const ZSH: &str = r#"#compdef @NAME@
@FUNCTION@() {
    local line value help
    local -a described=() directories=()
    for line in "${(@f)$(@VARIABLE@=zsh @PROGRAM@ -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        value=${line%%$'\t'*}
        help=${line#"$value"}
        value=${${value//\\/\\\\}//:/\\:}
        if [[ $value == */ ]]; then
            directories+=("$value")
        else
            described+=("$value${help/#$'\t'/:}")
        fi
    done
    (( $#directories )) && _describe -V 'directory' directories -S ''
    (( $#described )) && _describe -V 'value' described
}
if [[ ${funcstack[1]} == @FUNCTION@ ]]; then
    @FUNCTION@ "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef @FUNCTION@ @NAME@
fi
"#;
