# To be run by an administrator in the Exchange Management Shell. Read it first; nothing in it is secret.

# Team inboxes: the service account may read the inbox and the junk folder, and nothing else.
Add-MailboxFolderPermission -Identity {place} -User {user} -AccessRights {right}

# The bot's own mailbox: read, written to and sent from.
Add-MailboxPermission -Identity {own} -User {user} -AccessRights FullAccess -AutoMapping $false
Get-Mailbox -Identity {own} | Add-ADPermission -User {user} -ExtendedRights 'Send As'

# The check: any other mailbox must not name the account.
$other = Read-Host 'Address of a mailbox that the bot must NOT be able to open'
Get-MailboxPermission -Identity $other -User {user}
