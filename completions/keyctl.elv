
use builtin;
use str;

set edit:completion:arg-completer[keyctl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'keyctl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'keyctl'= {
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand create 'Create keys'
            cand list 'List keys'
            cand ls 'List keys'
            cand show 'Show one key'
            cand verify 'Verify a token'
            cand edit 'Change a key''s name, scopes, expiry or labels'
            cand rotate 'Replace a key by a new one'
            cand disable 'Switch keys off'
            cand enable 'Switch keys on again'
            cand delete 'Stop keys for ever'
            cand purge 'Remove the records of dead keys'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;create'= {
            cand --scope 'What the key may do: inference, project (which implies inference); may be repeated, or several joined by commas'
            cand --name 'The key''s name [default: <prefix>-apikey-<owner>-<time>]'
            cand --owner 'Whose key it is [default: yours]'
            cand --expires 'When it expires: 45m, 12h, 90d, 6months, 1y, 2027-03-31, an RFC 3339 instant, or never [default: as policy says, 365d]'
            cand --label 'A note on the key, as team=search; may be repeated'
            cand --count 'Make so many keys, whose names end in -1, -2 and so on; one token a line'
            cand --secret-file 'Write the token to this new file (mode 0600, no line end) and only the key ID to standard output'
            cand --format 'The form of what is printed; JSON has the token in it, unless --secret-file takes it'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;list'= {
            cand --owner 'Only keys of this user'
            cand --scope 'Only keys that have this very scope, not one that implies it; may be repeated'
            cand --state 'Only keys in this state [default: every one but deleted]; may be repeated'
            cand --label 'Only keys with this label; may be repeated'
            cand --expiring-within 'Only keys that work now and stop within this time, by expiry or by the end of a grace'
            cand --unused-for 'Only keys neither made nor used within this time; a verification with --no-touch, or by one who may not write the store, leaves no use behind'
            cand --older-than 'Only keys made longer ago than this'
            cand --sort 'The order of the list'
            cand --limit 'List at most so many'
            cand --format 'The form of the list'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand --exit-code 'Exit with 1 if anything is listed, for cron and CI'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;ls'= {
            cand --owner 'Only keys of this user'
            cand --scope 'Only keys that have this very scope, not one that implies it; may be repeated'
            cand --state 'Only keys in this state [default: every one but deleted]; may be repeated'
            cand --label 'Only keys with this label; may be repeated'
            cand --expiring-within 'Only keys that work now and stop within this time, by expiry or by the end of a grace'
            cand --unused-for 'Only keys neither made nor used within this time; a verification with --no-touch, or by one who may not write the store, leaves no use behind'
            cand --older-than 'Only keys made longer ago than this'
            cand --sort 'The order of the list'
            cand --limit 'List at most so many'
            cand --format 'The form of the list'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand --exit-code 'Exit with 1 if anything is listed, for cron and CI'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;show'= {
            cand --format 'The form of what is printed'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;verify'= {
            cand --scope 'A scope that the key must hold, itself or by one that implies it; may be repeated'
            cand --key-file 'Read the token from this file; ''-'' is standard input'
            cand --key-env 'Read the token from this environment variable'
            cand --format 'The form of the verdict; text is one line for people'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand --no-touch 'Write nothing to the store: no time of last use, no event, no renewed hash'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;edit'= {
            cand --name 'A new name'
            cand --scope 'The scopes it has from now on, in place of those it had; may be repeated'
            cand --add-scope 'A scope to add; may be repeated'
            cand --remove-scope 'A scope to take away; may be repeated'
            cand --expires 'When it expires: 30d, 2027-03-31, an RFC 3339 instant, or never; at most as long after its creation as policy allows'
            cand --grace 'How long a rotated key goes on working from now, at most 90d; only while it still works'
            cand --label 'A label to set; may be repeated'
            cand --remove-label 'A label to take away; may be repeated'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;rotate'= {
            cand --grace 'How long the old key goes on working, as 24h; at most 90d [default: as policy says, 0s]'
            cand --expires 'When the new key expires: 90d, 2027-03-31, an RFC 3339 instant, or never [default: after as long a life as the old one''s]'
            cand --secret-file 'Write the token to this new file (mode 0600, no line end) and only the key ID to standard output'
            cand --format 'The form of what is printed; JSON has the token in it, unless --secret-file takes it'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;disable'= {
            cand --owner 'All keys of this user'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;enable'= {
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;delete'= {
            cand --owner 'All keys of this user; legacy ones are disabled instead'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -y 'Do not ask; needed where there is no terminal'
            cand --yes 'Do not ask; needed where there is no terminal'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;purge'= {
            cand --older-than 'Only keys that died longer ago than this'
            cand --owner 'Only keys of this user'
            cand --format 'The form of what --dry-run prints'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand --all 'Every key of that user, those that still work too; legacy ones stay'
            cand --dry-run 'Print what would be removed, and remove nothing'
            cand -y 'Do not ask; needed where there is no terminal'
            cand --yes 'Do not ask; needed where there is no terminal'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;completions'= {
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;help'= {
            cand create 'Create keys'
            cand list 'List keys'
            cand show 'Show one key'
            cand verify 'Verify a token'
            cand edit 'Change a key''s name, scopes, expiry or labels'
            cand rotate 'Replace a key by a new one'
            cand disable 'Switch keys off'
            cand enable 'Switch keys on again'
            cand delete 'Stop keys for ever'
            cand purge 'Remove the records of dead keys'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;help;create'= {
        }
        &'keyctl;help;list'= {
        }
        &'keyctl;help;show'= {
        }
        &'keyctl;help;verify'= {
        }
        &'keyctl;help;edit'= {
        }
        &'keyctl;help;rotate'= {
        }
        &'keyctl;help;disable'= {
        }
        &'keyctl;help;enable'= {
        }
        &'keyctl;help;delete'= {
        }
        &'keyctl;help;purge'= {
        }
        &'keyctl;help;completions'= {
        }
        &'keyctl;help;help'= {
        }
    ]
    $completions[$command]
}
