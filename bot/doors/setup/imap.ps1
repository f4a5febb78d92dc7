# To be run by an Exchange administrator, line by line, after Connect-ExchangeOnline (module ExchangeOnlineManagement).
# It lets one app open the mailboxes named here and no other. Read it first; nothing in it is secret.

# 1. In Entra ID, for the app: the APPLICATION permissions IMAP.AccessAsApp and SMTP.SendAsApp of
#    "Office 365 Exchange Online", with admin consent; no Graph permission. Alone they open no mailbox.

# 2. The app, as Exchange knows it.
$appId = {app}       # "Application (client) ID" of the app's registration
$objectId = {object}    # "Object ID" of the app among the ENTERPRISE APPLICATIONS: not the one of its registration
New-ServicePrincipal -AppId $appId -ObjectId $objectId -DisplayName 'Challenge Bot'

# 3. The mailboxes it may open. IMAP knows no smaller right than full access: prefer Graph where you can.
Add-MailboxPermission -Identity {all} -User $objectId -AccessRights FullAccess -AutoMapping $false

# 4. It sends as its own mailbox only.
Add-RecipientPermission -Identity {own} -Trustee $objectId -AccessRights SendAs -Confirm:$false
Set-CASMailbox -Identity {own} -SmtpClientAuthenticationDisabled $false

# 5. The check: each mailbox above names the app, and any other must not.
Get-MailboxPermission -Identity {all} | Format-Table User, AccessRights
$other = Read-Host 'Address of a mailbox that the bot must NOT be able to open'
Get-MailboxPermission -Identity $other | Format-Table User, AccessRights
# The app's id: {app}. On the bot's side `challenge-bot probe` then opens every door for real.
