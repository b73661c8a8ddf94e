# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_keyctl_global_optspecs
    string join \n db= color= q/quiet h/help V/version
end

function __fish_keyctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_keyctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_keyctl_using_subcommand
    set -l cmd (__fish_keyctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c keyctl -n "__fish_keyctl_needs_command" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_needs_command" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_needs_command" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_needs_command" -s V -l version -d 'Print version'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "create" -d 'Create keys'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "list" -d 'List keys'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "ls" -d 'List keys'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "show" -d 'Show one key'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "verify" -d 'Verify a token'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "edit" -d 'Change a key\'s name, scopes, expiry or labels'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "rotate" -d 'Replace a key by a new one'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "disable" -d 'Switch keys off'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "enable" -d 'Switch keys on again'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "delete" -d 'Stop keys for ever'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "purge" -d 'Remove the records of dead keys'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "policy" -d 'Show or set what holds for everyone who uses the store'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "scope" -d 'Show or change which scopes there are'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "member" -d 'Show or change who is a member of a project'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "admin" -d 'Show or change who the administrators are'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "log" -d 'Show or check the audit log'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "init" -d 'Make a store'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "doctor" -d 'Look for what is wrong with the store'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "backup" -d 'Copy the store to a new file'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "restore" -d 'Put a copy in the store\'s place'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l scope -d 'What the key may do: inference, project (which implies inference), or another scope that is registered; may be repeated, or several joined by commas' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l name -d 'The key\'s name [default: <prefix>-apikey-<owner>-<time>]' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l owner -d 'Whose key it is [default: yours]' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l expires -d 'When it expires: 45m, 12h, 90d, 6months, 1y, 2027-03-31, an RFC 3339 instant, or never [default: as policy says, 365d]' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l kind -d 'What kind of key it is; a legacy one takes no scope and never expires' -r -f -a "api\t'An ordinary key, with scopes and an expiry'
legacy\t'A key of internal automation: no scopes, no expiry, no deletion'"
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l label -d 'A note on the key, as team=search; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l count -d 'Make so many keys, whose names end in -1, -2 and so on; one token a line' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l secret-file -d 'Write the token to this new file (mode 0600, no line end) and only the key ID to standard output' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l format -d 'The form of what is printed; JSON has the token in it, unless --secret-file takes it' -r -f -a "text\t'For people'
json\t'A JSON object'"
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l owner -d 'Only keys of this user' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l scope -d 'Only keys that have this very scope, not one that implies it; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l state -d 'Only keys in this state [default: every one but deleted]; may be repeated' -r -f -a "active\t'In use'
disabled\t'Switched off'
expired\t'Its time is over'
phased-out\t'Replaced by another'
deleted\t'Stopped for ever'
all\t'All of these'"
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l kind -d 'Only keys of this kind' -r -f -a "api\t'An ordinary key, with scopes and an expiry'
legacy\t'A key of internal automation: no scopes, no expiry, no deletion'"
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l project -d 'Only keys whose owner is a member of this project' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l label -d 'Only keys with this label; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l expiring-within -d 'Only keys that work now and stop within this time, by expiry or by the end of a grace' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l unused-for -d 'Only keys neither made nor used within this time; a verification with --no-touch, or by one who may not write the store, leaves no use behind' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l older-than -d 'Only keys made longer ago than this' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l sort -d 'The order of the list' -r -f -a "created\t'Oldest first'
expires\t'First to expire first'
last-used\t'Longest unused first'
name\t'By name'"
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l limit -d 'List at most so many' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l format -d 'The form of the list' -r -f -a "table\t'A table for people'
json\t'A JSON array'
jsonl\t'A JSON object a line'
csv\t'Comma-separated values (RFC 4180) under a line of titles'
ids\t'A key ID a line'"
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l exit-code -d 'Exit with 1 if anything is listed, for cron and CI'
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l owner -d 'Only keys of this user' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l scope -d 'Only keys that have this very scope, not one that implies it; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l state -d 'Only keys in this state [default: every one but deleted]; may be repeated' -r -f -a "active\t'In use'
disabled\t'Switched off'
expired\t'Its time is over'
phased-out\t'Replaced by another'
deleted\t'Stopped for ever'
all\t'All of these'"
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l kind -d 'Only keys of this kind' -r -f -a "api\t'An ordinary key, with scopes and an expiry'
legacy\t'A key of internal automation: no scopes, no expiry, no deletion'"
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l project -d 'Only keys whose owner is a member of this project' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l label -d 'Only keys with this label; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l expiring-within -d 'Only keys that work now and stop within this time, by expiry or by the end of a grace' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l unused-for -d 'Only keys neither made nor used within this time; a verification with --no-touch, or by one who may not write the store, leaves no use behind' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l older-than -d 'Only keys made longer ago than this' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l sort -d 'The order of the list' -r -f -a "created\t'Oldest first'
expires\t'First to expire first'
last-used\t'Longest unused first'
name\t'By name'"
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l limit -d 'List at most so many' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l format -d 'The form of the list' -r -f -a "table\t'A table for people'
json\t'A JSON array'
jsonl\t'A JSON object a line'
csv\t'Comma-separated values (RFC 4180) under a line of titles'
ids\t'A key ID a line'"
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l exit-code -d 'Exit with 1 if anything is listed, for cron and CI'
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -l format -d 'The form of what is printed' -r -f -a "text\t'For people'
json\t'A JSON object'"
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l scope -d 'A scope that the key must hold, itself or by one that implies it; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l project -d 'A project that the key\'s owner must be a member of' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l key-file -d 'Read the token from this file; \'-\' is standard input' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l key-env -d 'Read the token from this environment variable' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l format -d 'The form of the verdict; text is one line for people, and --batch is always JSON' -r -f -a "text\t'For people'
json\t'A JSON object'"
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l no-touch -d 'Write nothing to the store: no time of last use, no event, no renewed hash'
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -l batch -d 'Read many tokens, one a line, and print a verdict in JSON for each, one a line, in order'
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l name -d 'A new name' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l scope -d 'The scopes it has from now on, in place of those it had; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l add-scope -d 'A scope to add; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l remove-scope -d 'A scope to take away; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l expires -d 'When it expires: 30d, 2027-03-31, an RFC 3339 instant, or never; at most as long after its creation as policy allows' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l grace -d 'How long a rotated key goes on working from now, at most 90d; only while it still works' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l label -d 'A label to set; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l remove-label -d 'A label to take away; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l grace -d 'How long the old key goes on working, as 24h; at most 90d [default: as policy says, 0s]' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l expires -d 'When the new key expires: 90d, 2027-03-31, an RFC 3339 instant, or never [default: after as long a life as the old one\'s]' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l secret-file -d 'Write the token to this new file (mode 0600, no line end) and only the key ID to standard output' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l format -d 'The form of what is printed; JSON has the token in it, unless --secret-file takes it' -r -f -a "text\t'For people'
json\t'A JSON object'"
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand disable" -l owner -d 'All keys of this user' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand disable" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand disable" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand disable" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand disable" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand enable" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand enable" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand enable" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand enable" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand delete" -l owner -d 'All keys of this user; legacy ones are disabled instead' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand delete" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand delete" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand delete" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand delete" -s y -l yes -d 'Do not ask; needed where there is no terminal'
complete -c keyctl -n "__fish_keyctl_using_subcommand delete" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -l older-than -d 'Only keys that died longer ago than this' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -l owner -d 'Only keys of this user' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -l format -d 'The form of what --dry-run prints' -r -f -a "table\t'A table for people'
json\t'A JSON array'
jsonl\t'A JSON object a line'
csv\t'Comma-separated values (RFC 4180) under a line of titles'
ids\t'A key ID a line'"
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -l all -d 'Every key of that user, those that still work too; legacy ones stay'
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -l dry-run -d 'Print what would be removed, and remove nothing'
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -s y -l yes -d 'Do not ask; needed where there is no terminal'
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand purge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and not __fish_seen_subcommand_from show set unset help" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and not __fish_seen_subcommand_from show set unset help" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and not __fish_seen_subcommand_from show set unset help" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and not __fish_seen_subcommand_from show set unset help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and not __fish_seen_subcommand_from show set unset help" -f -a "show" -d 'Show every policy'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and not __fish_seen_subcommand_from show set unset help" -f -a "set" -d 'Set a policy'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and not __fish_seen_subcommand_from show set unset help" -f -a "unset" -d 'Let a policy\'s default hold'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and not __fish_seen_subcommand_from show set unset help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from show" -l format -d 'The form of what is printed' -r -f -a "text\t'For people'
json\t'A JSON object'"
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from show" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from show" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from set" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from set" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from set" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from unset" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from unset" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from unset" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show every policy'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "set" -d 'Set a policy'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "unset" -d 'Let a policy\'s default hold'
complete -c keyctl -n "__fish_keyctl_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and not __fish_seen_subcommand_from list add remove help" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and not __fish_seen_subcommand_from list add remove help" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and not __fish_seen_subcommand_from list add remove help" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and not __fish_seen_subcommand_from list add remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and not __fish_seen_subcommand_from list add remove help" -f -a "list" -d 'List the scopes'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and not __fish_seen_subcommand_from list add remove help" -f -a "add" -d 'Register a scope'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and not __fish_seen_subcommand_from list add remove help" -f -a "remove" -d 'Remove a scope that no key has and no other scope implies'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and not __fish_seen_subcommand_from list add remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from list" -l format -d 'The form of the list' -r -f -a "table\t'For people'
json\t'A JSON array'"
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from list" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from list" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from add" -l description -d 'What it allows, in words' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from add" -l implies -d 'A scope that whoever has this one has too; may be repeated' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from add" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from add" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from add" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from remove" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from remove" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from remove" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the scopes'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from help" -f -a "add" -d 'Register a scope'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a scope that no key has and no other scope implies'
complete -c keyctl -n "__fish_keyctl_using_subcommand scope; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and not __fish_seen_subcommand_from add remove list help" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and not __fish_seen_subcommand_from add remove list help" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and not __fish_seen_subcommand_from add remove list help" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and not __fish_seen_subcommand_from add remove list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and not __fish_seen_subcommand_from add remove list help" -f -a "add" -d 'Make a user a member of a project, or give a member another role'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and not __fish_seen_subcommand_from add remove list help" -f -a "remove" -d 'Take a user out of a project'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and not __fish_seen_subcommand_from add remove list help" -f -a "list" -d 'List the members of a project, or of all projects'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and not __fish_seen_subcommand_from add remove list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from add" -l role -d 'What they may do: an owner changes the members too' -r -f -a "owner\t'Uses the project, and changes its members'
collaborator\t'Uses the project'"
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from add" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from add" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from add" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from remove" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from list" -l format -d 'The form of the list' -r -f -a "table\t'For people'
json\t'A JSON array'"
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from list" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from list" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make a user a member of a project, or give a member another role'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take a user out of a project'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the members of a project, or of all projects'
complete -c keyctl -n "__fish_keyctl_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and not __fish_seen_subcommand_from add remove list help" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and not __fish_seen_subcommand_from add remove list help" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and not __fish_seen_subcommand_from add remove list help" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and not __fish_seen_subcommand_from add remove list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and not __fish_seen_subcommand_from add remove list help" -f -a "add" -d 'Make a user an administrator'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and not __fish_seen_subcommand_from add remove list help" -f -a "remove" -d 'Make a user an administrator no longer; the last one stays'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and not __fish_seen_subcommand_from add remove list help" -f -a "list" -d 'List the administrators'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and not __fish_seen_subcommand_from add remove list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from add" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from add" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from add" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from remove" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from remove" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from remove" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from list" -l format -d 'The form of the list' -r -f -a "table\t'For people'
json\t'A JSON array'"
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from list" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from list" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make a user an administrator'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Make a user an administrator no longer; the last one stays'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the administrators'
complete -c keyctl -n "__fish_keyctl_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l key -d 'Only what was done to this key; a key ID may be of a key that was purged' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l actor -d 'Only what this user did' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l action -d 'Only this kind of event' -r -f -a "init\t''
restore\t''
create\t''
edit\t''
rotate\t''
disable\t''
enable\t''
delete\t''
purge\t''
rehash\t''
reuse\t''
policy\t''
scope-add\t''
scope-remove\t''
member-add\t''
member-remove\t''
admin-add\t''
admin-remove\t''
refuse\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l since -d 'Only what was done within this time, or since this date or instant' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l limit -d 'Only the last so many' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l format -d 'The form of the log' -r -f -a "table\t'A table for people'
json\t'A JSON array'
jsonl\t'A JSON object a line'"
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l head -d 'Print the last line\'s number and hash, to be kept elsewhere; with --check, require this one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -l check -d 'Walk the chain; exit with 1 and name the first bad line if it is broken'
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -l group -d 'The group that may use the store' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -l format -d 'The form of what is printed' -r -f -a "text\t'For people'
json\t'A JSON object'"
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand backup" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand backup" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand backup" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand restore" -s m -l reason -d 'Why; kept in the audit log' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand restore" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand restore" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand restore" -s y -l yes -d 'Do not ask; needed where there is no terminal'
complete -c keyctl -n "__fish_keyctl_using_subcommand restore" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand completions" -l db -d 'The store\'s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user\'s data directory]' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand completions" -l color -d 'Whether to colour the output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c keyctl -n "__fish_keyctl_using_subcommand completions" -s q -l quiet -d 'Say nothing on standard error but errors and warnings'
complete -c keyctl -n "__fish_keyctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "create" -d 'Create keys'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "list" -d 'List keys'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "show" -d 'Show one key'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "verify" -d 'Verify a token'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "edit" -d 'Change a key\'s name, scopes, expiry or labels'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "rotate" -d 'Replace a key by a new one'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "disable" -d 'Switch keys off'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "enable" -d 'Switch keys on again'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "delete" -d 'Stop keys for ever'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "purge" -d 'Remove the records of dead keys'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "policy" -d 'Show or set what holds for everyone who uses the store'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "scope" -d 'Show or change which scopes there are'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "member" -d 'Show or change who is a member of a project'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "admin" -d 'Show or change who the administrators are'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "log" -d 'Show or check the audit log'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "init" -d 'Make a store'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "doctor" -d 'Look for what is wrong with the store'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "backup" -d 'Copy the store to a new file'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "restore" -d 'Put a copy in the store\'s place'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from create list show verify edit rotate disable enable delete purge policy scope member admin log init doctor backup restore completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "show" -d 'Show every policy'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "set" -d 'Set a policy'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "unset" -d 'Let a policy\'s default hold'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from scope" -f -a "list" -d 'List the scopes'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from scope" -f -a "add" -d 'Register a scope'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from scope" -f -a "remove" -d 'Remove a scope that no key has and no other scope implies'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "add" -d 'Make a user a member of a project, or give a member another role'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "remove" -d 'Take a user out of a project'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "list" -d 'List the members of a project, or of all projects'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "add" -d 'Make a user an administrator'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "remove" -d 'Make a user an administrator no longer; the last one stays'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "list" -d 'List the administrators'
