
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
            cand policy 'Show or set what holds for everyone who uses the store'
            cand scope 'Show or change which scopes there are'
            cand member 'Show or change who is a member of a project'
            cand admin 'Show or change who the administrators are'
            cand log 'Show or check the audit log'
            cand init 'Make a store'
            cand doctor 'Look for what is wrong with the store'
            cand backup 'Copy the store to a new file'
            cand restore 'Put a copy in the store''s place'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;create'= {
            cand --scope 'What the key may do: inference, project (which implies inference), or another scope that is registered; may be repeated, or several joined by commas'
            cand --name 'The key''s name [default: <prefix>-apikey-<owner>-<time>]'
            cand --owner 'Whose key it is [default: yours]'
            cand --expires 'When it expires: 45m, 12h, 90d, 6months, 1y, 2027-03-31, an RFC 3339 instant, or never [default: as policy says, 365d]'
            cand --kind 'What kind of key it is; a legacy one takes no scope and never expires'
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
            cand --kind 'Only keys of this kind'
            cand --project 'Only keys whose owner is a member of this project'
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
            cand --kind 'Only keys of this kind'
            cand --project 'Only keys whose owner is a member of this project'
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
            cand --project 'A project that the key''s owner must be a member of'
            cand --key-file 'Read the token from this file; ''-'' is standard input'
            cand --key-env 'Read the token from this environment variable'
            cand --format 'The form of the verdict; text is one line for people, and --batch is always JSON'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand --no-touch 'Write nothing to the store: no time of last use, no event, no renewed hash'
            cand --batch 'Read many tokens, one a line, and print a verdict in JSON for each, one a line, in order'
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
        &'keyctl;policy'= {
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand show 'Show every policy'
            cand set 'Set a policy'
            cand unset 'Let a policy''s default hold'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;policy;show'= {
            cand --format 'The form of what is printed'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;policy;set'= {
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;policy;unset'= {
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;policy;help'= {
            cand show 'Show every policy'
            cand set 'Set a policy'
            cand unset 'Let a policy''s default hold'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;policy;help;show'= {
        }
        &'keyctl;policy;help;set'= {
        }
        &'keyctl;policy;help;unset'= {
        }
        &'keyctl;policy;help;help'= {
        }
        &'keyctl;scope'= {
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the scopes'
            cand add 'Register a scope'
            cand remove 'Remove a scope that no key has and no other scope implies'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;scope;list'= {
            cand --format 'The form of the list'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;scope;add'= {
            cand --description 'What it allows, in words'
            cand --implies 'A scope that whoever has this one has too; may be repeated'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;scope;remove'= {
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;scope;help'= {
            cand list 'List the scopes'
            cand add 'Register a scope'
            cand remove 'Remove a scope that no key has and no other scope implies'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;scope;help;list'= {
        }
        &'keyctl;scope;help;add'= {
        }
        &'keyctl;scope;help;remove'= {
        }
        &'keyctl;scope;help;help'= {
        }
        &'keyctl;member'= {
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand add 'Make a user a member of a project, or give a member another role'
            cand remove 'Take a user out of a project'
            cand list 'List the members of a project, or of all projects'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;member;add'= {
            cand --role 'What they may do: an owner changes the members too'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;member;remove'= {
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;member;list'= {
            cand --format 'The form of the list'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;member;help'= {
            cand add 'Make a user a member of a project, or give a member another role'
            cand remove 'Take a user out of a project'
            cand list 'List the members of a project, or of all projects'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;member;help;add'= {
        }
        &'keyctl;member;help;remove'= {
        }
        &'keyctl;member;help;list'= {
        }
        &'keyctl;member;help;help'= {
        }
        &'keyctl;admin'= {
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand add 'Make a user an administrator'
            cand remove 'Make a user an administrator no longer; the last one stays'
            cand list 'List the administrators'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;admin;add'= {
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;admin;remove'= {
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;admin;list'= {
            cand --format 'The form of the list'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;admin;help'= {
            cand add 'Make a user an administrator'
            cand remove 'Make a user an administrator no longer; the last one stays'
            cand list 'List the administrators'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;admin;help;add'= {
        }
        &'keyctl;admin;help;remove'= {
        }
        &'keyctl;admin;help;list'= {
        }
        &'keyctl;admin;help;help'= {
        }
        &'keyctl;log'= {
            cand --key 'Only what was done to this key; a key ID may be of a key that was purged'
            cand --actor 'Only what this user did'
            cand --action 'Only this kind of event'
            cand --since 'Only what was done within this time, or since this date or instant'
            cand --limit 'Only the last so many'
            cand --format 'The form of the log'
            cand --head 'Print the last line''s number and hash, to be kept elsewhere; with --check, require this one'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand --check 'Walk the chain; exit with 1 and name the first bad line if it is broken'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;init'= {
            cand --group 'The group that may use the store'
            cand -m 'Why; kept in the audit log'
            cand --reason 'Why; kept in the audit log'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;doctor'= {
            cand --format 'The form of what is printed'
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;backup'= {
            cand --db 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]'
            cand --color 'Whether to colour the output'
            cand -q 'Say nothing on standard error but errors and warnings'
            cand --quiet 'Say nothing on standard error but errors and warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;restore'= {
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
            cand policy 'Show or set what holds for everyone who uses the store'
            cand scope 'Show or change which scopes there are'
            cand member 'Show or change who is a member of a project'
            cand admin 'Show or change who the administrators are'
            cand log 'Show or check the audit log'
            cand init 'Make a store'
            cand doctor 'Look for what is wrong with the store'
            cand backup 'Copy the store to a new file'
            cand restore 'Put a copy in the store''s place'
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
        &'keyctl;help;policy'= {
            cand show 'Show every policy'
            cand set 'Set a policy'
            cand unset 'Let a policy''s default hold'
        }
        &'keyctl;help;policy;show'= {
        }
        &'keyctl;help;policy;set'= {
        }
        &'keyctl;help;policy;unset'= {
        }
        &'keyctl;help;scope'= {
            cand list 'List the scopes'
            cand add 'Register a scope'
            cand remove 'Remove a scope that no key has and no other scope implies'
        }
        &'keyctl;help;scope;list'= {
        }
        &'keyctl;help;scope;add'= {
        }
        &'keyctl;help;scope;remove'= {
        }
        &'keyctl;help;member'= {
            cand add 'Make a user a member of a project, or give a member another role'
            cand remove 'Take a user out of a project'
            cand list 'List the members of a project, or of all projects'
        }
        &'keyctl;help;member;add'= {
        }
        &'keyctl;help;member;remove'= {
        }
        &'keyctl;help;member;list'= {
        }
        &'keyctl;help;admin'= {
            cand add 'Make a user an administrator'
            cand remove 'Make a user an administrator no longer; the last one stays'
            cand list 'List the administrators'
        }
        &'keyctl;help;admin;add'= {
        }
        &'keyctl;help;admin;remove'= {
        }
        &'keyctl;help;admin;list'= {
        }
        &'keyctl;help;log'= {
        }
        &'keyctl;help;init'= {
        }
        &'keyctl;help;doctor'= {
        }
        &'keyctl;help;backup'= {
        }
        &'keyctl;help;restore'= {
        }
        &'keyctl;help;completions'= {
        }
        &'keyctl;help;help'= {
        }
    ]
    $completions[$command]
}
