//! The scripts, which ask the program at each Tab.
//!
//! Those for bash, zsh and fish are written here: bash takes a word apart at `:` and `=`, which scopes and
//! labels have in them; zsh is to find the script in a directory of `$fpath` as well as by `eval`; and
//! none of the three asks where a token stands on the line, since the question goes by arguments, which
//! others can read with ps. The other scripts are clap_complete's.

use crate::error::Result;
use crate::output::unwritable;
use clap_complete::Shell;
use clap_complete::env::{Elvish, EnvCompleter, Powershell};

/// The environment variable by which a script asks; its value is the shell's name.
pub const VARIABLE: &str = "KEYCTL_COMPLETE";

/// Pattern of a token without its prefix, an extended regular expression.
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
        // The name of the file that zsh would look for.
        Shell::Zsh => Ok(ours(ZSH, format!("_{name}"), quoted(program))),
        // To fish, a backslash between single quotes may stand for itself or for what follows.
        Shell::Fish => Ok(ours(
            FISH,
            identifier(name),
            quoted(&program.replace('\\', r"\\")),
        )),
        _ => Ok(ours(BASH, identifier(name), quoted(program))),
    }
}

/// A name for a function of the command `name`.
fn identifier(name: &str) -> String {
    format!("_{}", name.replace(['-', '.', '+'], "_"))
}

/// `text` as one word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// For bash 3.2, which macOS has, and newer. What bash took apart is put together again and read as bash
/// will read it, and of each answer the part is given back that bash is at. An answer is put on the line
/// so that bash reads nothing in it: whoever may make keys chooses names. One that the quote in which the
/// cursor stands cannot hold is left out.
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
    # `open` becomes the quote in which the cursor stands, `base` what stands before the part that bash
    # replaces.
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
                # Bash replaces from behind a character that breaks words, but for this one from it on.
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
            # With no brace around it a comma is nothing to bash.
            value=${value//\\,/,}
        fi
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

/// For fish 3.1 and newer.
const FISH: &str = r#"function @FUNCTION@
    set --local words (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token)
    string match --quiet --regex '@TOKEN@' -- $words; and return
    @VARIABLE@=fish @PROGRAM@ -- $words 2>/dev/null
end
complete --keep-order --exclusive --command @NAME@ --arguments '(@FUNCTION@)'
"#;

/// For zsh 5, by `eval` or as a file named after the function in a directory of `$fpath`.
const ZSH: &str = r#"#compdef @NAME@
@FUNCTION@() {
    local line value help
    local -a described=() directories=()
    [[ "$words" =~ '@TOKEN@' ]] && return
    # What is assigned before the command is for it alone: zsh leaves it out of `words`. What stands
    # there is not expanded; with a path that is not understood, no store is looked at.
    local -x KEYCTL_DB=$KEYCTL_DB
    local before=$LBUFFER given=$KEYCTL_DB
    [[ ${${(z)before}[-1]} == *\$\(* ]] && before=${before##*\$\(}
    for line in "${(@z)before}"; do
        case $line in
            ([\;\|\&]*) KEYCTL_DB=$given ;;
            (KEYCTL_DB=*) KEYCTL_DB=${${(Q)line#*=}/#\~\//$HOME/} ;;
        esac
    done
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
