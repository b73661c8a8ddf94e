
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'keyctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'keyctl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'keyctl' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Create keys')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List keys')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List keys')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one key')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify a token')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a key''s name, scopes, expiry or labels')
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Replace a key by a new one')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Switch keys off')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Switch keys on again')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Stop keys for ever')
            [CompletionResult]::new('purge', 'purge', [CompletionResultType]::ParameterValue, 'Remove the records of dead keys')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Show or set what holds for everyone who uses the store')
            [CompletionResult]::new('scope', 'scope', [CompletionResultType]::ParameterValue, 'Show or change which scopes there are')
            [CompletionResult]::new('member', 'member', [CompletionResultType]::ParameterValue, 'Show or change who is a member of a project')
            [CompletionResult]::new('admin', 'admin', [CompletionResultType]::ParameterValue, 'Show or change who the administrators are')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show or check the audit log')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make a store')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look for what is wrong with the store')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy the store to a new file')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Put a copy in the store''s place')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;create' {
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'What the key may do: inference, project (which implies inference), or another scope that is registered; may be repeated, or several joined by commas')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The key''s name [default: <prefix>-apikey-<owner>-<time>]')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Whose key it is [default: yours]')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When it expires: 45m, 12h, 90d, 6months, 1y, 2027-03-31, an RFC 3339 instant, or never [default: as policy says, 365d]')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'What kind of key it is; a legacy one takes no scope and never expires')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'A note on the key, as team=search; may be repeated')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Make so many keys, whose names end in -1, -2 and so on; one token a line')
            [CompletionResult]::new('--secret-file', '--secret-file', [CompletionResultType]::ParameterName, 'Write the token to this new file (mode 0600, no line end) and only the key ID to standard output')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of what is printed; JSON has the token in it, unless --secret-file takes it')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;list' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Only keys of this user')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Only keys that have this very scope, not one that implies it; may be repeated')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Only keys in this state [default: every one but deleted]; may be repeated')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only keys of this kind')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Only keys whose owner is a member of this project')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only keys with this label; may be repeated')
            [CompletionResult]::new('--expiring-within', '--expiring-within', [CompletionResultType]::ParameterName, 'Only keys that work now and stop within this time, by expiry or by the end of a grace')
            [CompletionResult]::new('--unused-for', '--unused-for', [CompletionResultType]::ParameterName, 'Only keys neither made nor used within this time; a verification with --no-touch, or by one who may not write the store, leaves no use behind')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only keys made longer ago than this')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'The order of the list')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'List at most so many')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the list')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 1 if anything is listed, for cron and CI')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;ls' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Only keys of this user')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Only keys that have this very scope, not one that implies it; may be repeated')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Only keys in this state [default: every one but deleted]; may be repeated')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only keys of this kind')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Only keys whose owner is a member of this project')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only keys with this label; may be repeated')
            [CompletionResult]::new('--expiring-within', '--expiring-within', [CompletionResultType]::ParameterName, 'Only keys that work now and stop within this time, by expiry or by the end of a grace')
            [CompletionResult]::new('--unused-for', '--unused-for', [CompletionResultType]::ParameterName, 'Only keys neither made nor used within this time; a verification with --no-touch, or by one who may not write the store, leaves no use behind')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only keys made longer ago than this')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'The order of the list')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'List at most so many')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the list')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 1 if anything is listed, for cron and CI')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;show' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of what is printed')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;verify' {
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'A scope that the key must hold, itself or by one that implies it; may be repeated')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'A project that the key''s owner must be a member of')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Read the token from this file; ''-'' is standard input')
            [CompletionResult]::new('--key-env', '--key-env', [CompletionResultType]::ParameterName, 'Read the token from this environment variable')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the verdict; text is one line for people, and --batch is always JSON')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('--no-touch', '--no-touch', [CompletionResultType]::ParameterName, 'Write nothing to the store: no time of last use, no event, no renewed hash')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Read many tokens, one a line, and print a verdict in JSON for each, one a line, in order')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;edit' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'A new name')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'The scopes it has from now on, in place of those it had; may be repeated')
            [CompletionResult]::new('--add-scope', '--add-scope', [CompletionResultType]::ParameterName, 'A scope to add; may be repeated')
            [CompletionResult]::new('--remove-scope', '--remove-scope', [CompletionResultType]::ParameterName, 'A scope to take away; may be repeated')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When it expires: 30d, 2027-03-31, an RFC 3339 instant, or never; at most as long after its creation as policy allows')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long a rotated key goes on working from now, at most 90d; only while it still works')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'A label to set; may be repeated')
            [CompletionResult]::new('--remove-label', '--remove-label', [CompletionResultType]::ParameterName, 'A label to take away; may be repeated')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;rotate' {
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long the old key goes on working, as 24h; at most 90d [default: as policy says, 0s]')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When the new key expires: 90d, 2027-03-31, an RFC 3339 instant, or never [default: after as long a life as the old one''s]')
            [CompletionResult]::new('--secret-file', '--secret-file', [CompletionResultType]::ParameterName, 'Write the token to this new file (mode 0600, no line end) and only the key ID to standard output')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of what is printed; JSON has the token in it, unless --secret-file takes it')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;disable' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'All keys of this user')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;enable' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;delete' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'All keys of this user; legacy ones are disabled instead')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask; needed where there is no terminal')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask; needed where there is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;purge' {
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only keys that died longer ago than this')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Only keys of this user')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of what --dry-run prints')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every key of that user, those that still work too; legacy ones stay')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be removed, and remove nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask; needed where there is no terminal')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask; needed where there is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;policy' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show every policy')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set a policy')
            [CompletionResult]::new('unset', 'unset', [CompletionResultType]::ParameterValue, 'Let a policy''s default hold')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;policy;show' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of what is printed')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;policy;set' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;policy;unset' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;policy;help' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show every policy')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set a policy')
            [CompletionResult]::new('unset', 'unset', [CompletionResultType]::ParameterValue, 'Let a policy''s default hold')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;policy;help;show' {
            break
        }
        'keyctl;policy;help;set' {
            break
        }
        'keyctl;policy;help;unset' {
            break
        }
        'keyctl;policy;help;help' {
            break
        }
        'keyctl;scope' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the scopes')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Register a scope')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a scope that no key has and no other scope implies')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;scope;list' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the list')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;scope;add' {
            [CompletionResult]::new('--description', '--description', [CompletionResultType]::ParameterName, 'What it allows, in words')
            [CompletionResult]::new('--implies', '--implies', [CompletionResultType]::ParameterName, 'A scope that whoever has this one has too; may be repeated')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;scope;remove' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;scope;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the scopes')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Register a scope')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a scope that no key has and no other scope implies')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;scope;help;list' {
            break
        }
        'keyctl;scope;help;add' {
            break
        }
        'keyctl;scope;help;remove' {
            break
        }
        'keyctl;scope;help;help' {
            break
        }
        'keyctl;member' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make a user a member of a project, or give a member another role')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take a user out of a project')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the members of a project, or of all projects')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;member;add' {
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'What they may do: an owner changes the members too')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;member;remove' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;member;list' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the list')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;member;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make a user a member of a project, or give a member another role')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take a user out of a project')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the members of a project, or of all projects')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;member;help;add' {
            break
        }
        'keyctl;member;help;remove' {
            break
        }
        'keyctl;member;help;list' {
            break
        }
        'keyctl;member;help;help' {
            break
        }
        'keyctl;admin' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make a user an administrator')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Make a user an administrator no longer; the last one stays')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the administrators')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;admin;add' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;admin;remove' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;admin;list' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the list')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;admin;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make a user an administrator')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Make a user an administrator no longer; the last one stays')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the administrators')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;admin;help;add' {
            break
        }
        'keyctl;admin;help;remove' {
            break
        }
        'keyctl;admin;help;list' {
            break
        }
        'keyctl;admin;help;help' {
            break
        }
        'keyctl;log' {
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Only what was done to this key; a key ID may be of a key that was purged')
            [CompletionResult]::new('--actor', '--actor', [CompletionResultType]::ParameterName, 'Only what this user did')
            [CompletionResult]::new('--action', '--action', [CompletionResultType]::ParameterName, 'Only this kind of event')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only what was done within this time, or since this date or instant')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Only the last so many')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the log')
            [CompletionResult]::new('--head', '--head', [CompletionResultType]::ParameterName, 'Print the last line''s number and hash, to be kept elsewhere; with --check, require this one')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Walk the chain; exit with 1 and name the first bad line if it is broken')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;init' {
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'The group that may use the store')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;doctor' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of what is printed')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;backup' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;restore' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why; kept in the audit log')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask; needed where there is no terminal')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask; needed where there is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;completions' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The store''s file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user''s data directory]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Whether to colour the output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors and warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;help' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Create keys')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List keys')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one key')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify a token')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a key''s name, scopes, expiry or labels')
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Replace a key by a new one')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Switch keys off')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Switch keys on again')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Stop keys for ever')
            [CompletionResult]::new('purge', 'purge', [CompletionResultType]::ParameterValue, 'Remove the records of dead keys')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Show or set what holds for everyone who uses the store')
            [CompletionResult]::new('scope', 'scope', [CompletionResultType]::ParameterValue, 'Show or change which scopes there are')
            [CompletionResult]::new('member', 'member', [CompletionResultType]::ParameterValue, 'Show or change who is a member of a project')
            [CompletionResult]::new('admin', 'admin', [CompletionResultType]::ParameterValue, 'Show or change who the administrators are')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show or check the audit log')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make a store')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look for what is wrong with the store')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy the store to a new file')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Put a copy in the store''s place')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;help;create' {
            break
        }
        'keyctl;help;list' {
            break
        }
        'keyctl;help;show' {
            break
        }
        'keyctl;help;verify' {
            break
        }
        'keyctl;help;edit' {
            break
        }
        'keyctl;help;rotate' {
            break
        }
        'keyctl;help;disable' {
            break
        }
        'keyctl;help;enable' {
            break
        }
        'keyctl;help;delete' {
            break
        }
        'keyctl;help;purge' {
            break
        }
        'keyctl;help;policy' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show every policy')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set a policy')
            [CompletionResult]::new('unset', 'unset', [CompletionResultType]::ParameterValue, 'Let a policy''s default hold')
            break
        }
        'keyctl;help;policy;show' {
            break
        }
        'keyctl;help;policy;set' {
            break
        }
        'keyctl;help;policy;unset' {
            break
        }
        'keyctl;help;scope' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the scopes')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Register a scope')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a scope that no key has and no other scope implies')
            break
        }
        'keyctl;help;scope;list' {
            break
        }
        'keyctl;help;scope;add' {
            break
        }
        'keyctl;help;scope;remove' {
            break
        }
        'keyctl;help;member' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make a user a member of a project, or give a member another role')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take a user out of a project')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the members of a project, or of all projects')
            break
        }
        'keyctl;help;member;add' {
            break
        }
        'keyctl;help;member;remove' {
            break
        }
        'keyctl;help;member;list' {
            break
        }
        'keyctl;help;admin' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make a user an administrator')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Make a user an administrator no longer; the last one stays')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the administrators')
            break
        }
        'keyctl;help;admin;add' {
            break
        }
        'keyctl;help;admin;remove' {
            break
        }
        'keyctl;help;admin;list' {
            break
        }
        'keyctl;help;log' {
            break
        }
        'keyctl;help;init' {
            break
        }
        'keyctl;help;doctor' {
            break
        }
        'keyctl;help;backup' {
            break
        }
        'keyctl;help;restore' {
            break
        }
        'keyctl;help;completions' {
            break
        }
        'keyctl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
