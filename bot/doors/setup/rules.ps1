# Mail-flow rules for {area}: with them the bot needs no right in any team's inbox. To be run by an
# administrator of Exchange Online or of Exchange on own premises. First try it with -Mode Audit in place of
# -Mode Enforce: nothing is copied then, and the mail-flow reports show what would have been.
# A challenge: the policy's words in the subject{to_a_team}.
New-TransportRule -Name {challenges} -SubjectContainsWords {phrases}{limit} -BlindCopyTo {copies} -ExceptIfFromAddressContainsWords {bot} -RuleErrorAction Ignore -StopRuleProcessing $false -Mode Enforce
# An answer: a case's reference in the subject, or in the letter that is quoted.
New-TransportRule -Name {answers} -SubjectOrBodyMatchesPatterns @({ref}) -BlindCopyTo {copies} -ExceptIfFromAddressContainsWords {bot} -RuleErrorAction Ignore -StopRuleProcessing $false -Mode Enforce
# To undo it: Remove-TransportRule {challenges}; Remove-TransportRule {answers}
