# To be run by an administrator in the Exchange Management Shell. Read it first; nothing in it is secret.

# The service account may act for the mailboxes of this scope, and for no other.
New-ManagementScope -Name 'Challenge Bot mailboxes' -RecipientRestrictionFilter {scope}
New-ManagementRoleAssignment -Name 'Challenge Bot impersonation' -Role ApplicationImpersonation -User {user} -CustomRecipientWriteScope 'Challenge Bot mailboxes'
Get-ManagementRoleAssignment -Role ApplicationImpersonation -GetEffectiveUsers
