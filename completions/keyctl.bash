_keyctl() {
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
    [[ "${words[*]}" =~ _[0-9a-z]{12}_[0-9A-Za-z]{40} ]] && return

    while IFS=$'\t' read -r value help; do
        [[ $open == \" && $value == *[\"\\\$\`!]* ]] && continue
        [[ $open == \' && $value == *\'* ]] && continue
        values[${#values[@]}]=$value
        helps[${#helps[@]}]=$help
    done < <(KEYCTL_COMPLETE=bash 'keyctl' -- "${words[@]}" 2>/dev/null)

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
complete -o nosort -F _keyctl keyctl 2>/dev/null || complete -F _keyctl keyctl
