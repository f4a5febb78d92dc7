# To be run by an Exchange administrator, line by line, after Connect-ExchangeOnline (module ExchangeOnlineManagement).
# It lets one app open the mailboxes named here and no other. Read it first; nothing in it is secret.
# 1. Consent to NO Graph permission for this app in Entra ID. Grants add up: one consent to Mail.Read, Mail.ReadWrite or
#    Mail.Send there opens every mailbox of the tenant, whatever the scopes below say. Remove it if it is there.

# 2. The app, as Exchange knows it.
$appId = {app}       # "Application (client) ID" of the app's registration
$objectId = {object}    # "Object ID" of the app among the ENTERPRISE APPLICATIONS: not the one of its registration
New-ServicePrincipal -AppId $appId -ObjectId $objectId -DisplayName 'Challenge Bot'

# 3. The mailboxes it may open. If Exchange says that customisation is off: Enable-OrganizationCustomization.
New-ManagementScope -Name 'Challenge Bot team inboxes' -RecipientRestrictionFilter {teams}
New-ManagementScope -Name 'Challenge Bot own mailbox' -RecipientRestrictionFilter {own}

# 4. What it may do there: read the team inboxes; read, write and send in its own mailbox. Nothing else.
New-ManagementRoleAssignment -App $objectId -Role 'Application Mail.Read' -CustomResourceScope 'Challenge Bot team inboxes'
New-ManagementRoleAssignment -App $objectId -Role 'Application Mail.ReadWrite' -CustomResourceScope 'Challenge Bot own mailbox'
New-ManagementRoleAssignment -App $objectId -Role 'Application Mail.Send' -CustomResourceScope 'Challenge Bot own mailbox'

# 5. The check. InScope must be True for the mailboxes above, and False for any other: try one of your own.
Test-ServicePrincipalAuthorization -Identity $appId -Resource {all} | Format-Table RoleName, AllowedResourceScope, InScope
$other = Read-Host 'Address of a mailbox that the bot must NOT be able to open'
Test-ServicePrincipalAuthorization -Identity $appId -Resource $other | Format-Table RoleName, InScope
# The change can take up to two hours to be believed; the check above tells the truth at once.
# On the bot's side `challenge-bot probe` then opens every door for real.
