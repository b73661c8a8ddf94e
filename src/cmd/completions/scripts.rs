//! Completion scripts, which ask the program at each Tab.
//!
//! The scripts for bash, zsh and fish are our own. bash splits words at `:` and `=`, which scopes and labels
//! contain. zsh has to load the script from a directory of `$fpath` as well as by `eval`. And none of the three
//! asks while a token is on the line: the words become arguments, which others can read with ps. clap_complete
//! makes the other scripts.

use crate::error::Result;
use crate::output::unwritable;
use clap_complete::Shell;
use clap_complete::env::{Elvish, EnvCompleter, Powershell};

/// Environment variable that marks a call by a script; its value is the shell's name.
pub const VARIABLE: &str = "KEYCTL_COMPLETE";

/// Extended regular expression for a token without its prefix.
const TOKEN: &str = "_[0-9a-z]{12}_[0-9A-Za-z]{40}";

/// Script for `shell` that completes the command `name` by asking `program`.
pub fn script(shell: Shell, name: &str, program: &str) -> Result<Vec<u8>> {
    let ours = |script: &str, function: String, program: String| {
        script
            .replace("@FUNCTION@", &function)
            .replace("@NAME@", name)
            .replace("@VARIABLE@", VARIABLE)
            .replace("@TOKEN@", TOKEN)
            .replace("@PROGRAM@", &program)
            .into_bytes()
    };
    let theirs = |shell: &dyn EnvCompleter| {
        let mut script = Vec::new();
        let written = shell.write_registration(VARIABLE, name, name, program, &mut script);
        written.map_err(unwritable)?;
        Ok([script.trim_ascii(), b"\n"].concat())
    };
    match shell {
        Shell::Elvish => theirs(&Elvish),
        Shell::PowerShell => theirs(&Powershell),
        // zsh looks for a file with this name.
        Shell::Zsh => Ok(ours(ZSH, format!("_{name}"), quoted(program))),
        // In fish, a backslash in single quotes may escape the next character.
        Shell::Fish => Ok(ours(
            FISH,
            identifier(name),
            quoted(&program.replace('\\', r"\\")),
        )),
        _ => Ok(ours(BASH, identifier(name), quoted(program))),
    }
}

/// Name of a shell function for the command `name`.
fn identifier(name: &str) -> String {
    format!("_{}", name.replace(['-', '.', '+'], "_"))
}

/// Quotes `text` as one word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Script for bash 3.2, which macOS has, and newer.
///
/// It joins the words that bash has split and removes their quotes as bash will. Of each candidate it returns
/// the part that bash replaces, quoted so that bash runs nothing in it: names of keys are chosen by their
/// makers. It leaves out a candidate that cannot stand inside the quotes around the cursor.
const BASH: &str = r#"@FUNCTION@() {
    local line=${COMP_LINE:0:COMP_POINT} rest raw word char open='' base='' before='' i value help
    local -a raws=() words=() values=() helps=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        raw=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && raw=$rest
        if ((i > 0)) && [[ $rest == "$line" && -n $line ]]; then
            raws[${#raws[@]}-1]+=$raw
        else
            raws[${#raws[@]}]=$raw
        fi
        line=${rest#"$raw"}
    done
    # `open` becomes the quote around the cursor, `base` the text before the part that bash replaces.
    for raw in "${raws[@]}"; do
        word='' open='' base=''
        for ((i = 0; i < ${#raw}; i++)); do
            char=${raw:i:1}
            if [[ $char == \\ && $open != \' ]]; then
                i=$((i + 1))
                [[ $open == \" && ${raw:i:1} != [\"\\\$\`] ]] && word+=$char
                word+=${raw:i:1}
            elif [[ $char == "$open" ]]; then
                open='' base=$before
            elif [[ -z $open && $char == [\"\'] ]]; then
                open=$char before=$base base=$word
            else
                # Bash keeps a character that breaks words and replaces the rest, but it replaces '@' too.
                [[ $char == @ && -z $open && $COMP_WORDBREAKS == *@* ]] && base=$word
                word+=$char
                [[ $char != @ && -z $open && $COMP_WORDBREAKS == *"$char"* ]] && base=$word
            fi
        done
        words[${#words[@]}]=$word
    done
    [[ "${words[*]}" =~ @TOKEN@ ]] && return

    while IFS=$'\t' read -r value help; do
        [[ $open == \" && $value == *[\"\\\$\`!]* ]] && continue
        [[ $open == \' && $value == *\'* ]] && continue
        values[${#values[@]}]=$value
        helps[${#helps[@]}]=$help
    done < <(@VARIABLE@=bash @PROGRAM@ -- "${words[@]}" 2>/dev/null)

    COMPREPLY=()
    for ((i = 0; i < ${#values[@]}; i++)); do
        value=${values[i]#"$base"}
        if [[ -z $open ]]; then
            printf -v value '%q' "$value"
            # Outside braces a comma has no meaning to bash.
            value=${value//\\,/,}
            # What was typed as a home stays one.
            [[ ${raws[${#raws[@]}-1]} == \~/* && $value == \\~/* ]] && value=${value#\\}
        fi
        # Only in a list of candidates: on the line goes the value alone.
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

/// Script for fish 3.1 and newer.
const FISH: &str = r#"function @FUNCTION@
    set --local words (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token)
    string match --quiet --regex '@TOKEN@' -- $words; and return
    @VARIABLE@=fish @PROGRAM@ -- $words 2>/dev/null
end
complete --keep-order --exclusive --command @NAME@ --arguments '(@FUNCTION@)'
"#;

/// Script for zsh 5, for `eval` or as a file in a directory of `$fpath` that is named after the function.
const ZSH: &str = r#"#compdef @NAME@
@FUNCTION@() {
    local line value help home=''
    local -a described=() directories=()
    [[ "$words" =~ '@TOKEN@' ]] && return
    # An assignment before the command holds for that command, and zsh leaves it out of `words`. It is not
    # expanded here: with a path that needs more than `~`, no store is found.
    local -x KEYCTL_DB=$KEYCTL_DB
    local before=$LBUFFER given=$KEYCTL_DB
    [[ ${${(z)before}[-1]} == *\$\(* ]] && before=${before##*\$\(}
    for line in "${(@z)before}"; do
        case $line in
            ([\;\|\&]*) KEYCTL_DB=$given ;;
            (KEYCTL_DB=*) KEYCTL_DB=${${(Q)line#*=}/#\~\//$HOME/} ;;
        esac
    done
    # What was typed as a home stays one, unquoted.
    [[ $PREFIX == \~/* ]] && home='~/'
    for line in "${(@f)$(@VARIABLE@=zsh @PROGRAM@ -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        value=${line%%$'\t'*}
        help=${line#"$value"}
        value=${value#"$home"}
        value=${${value//\\/\\\\}//:/\\:}
        if [[ $value == */ ]]; then
            directories+=("$value")
        else
            described+=("$value${help/#$'\t'/:}")
        fi
    done
    [[ -n $home ]] && compset -P '\~/'
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
