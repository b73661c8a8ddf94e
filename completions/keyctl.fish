function _keyctl
    set --local words (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token)
    string match --quiet --regex '_[0-9a-z]{12}_[0-9A-Za-z]{40}' -- $words; and return
    KEYCTL_COMPLETE=fish 'keyctl' -- $words 2>/dev/null
end
complete --keep-order --exclusive --command keyctl --arguments '(_keyctl)'
