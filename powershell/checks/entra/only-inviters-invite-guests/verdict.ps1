param($Evidence, $Context)
$source = 'graph/policies/authorizationPolicy'
$from = Read-String $Evidence.$source 'allowInvitesFrom' -Of $source
if ($from -notin 'none', 'adminsAndGuestInviters', 'adminsGuestInvitersAndAllMembers', 'everyone') { Stop-UnexpectedData $source 'allowInvitesFrom' 'the value is none that is known' }
$few = $from -in 'none', 'adminsAndGuestInviters'
$finding = New-Finding -ResourceId 'authorizationPolicy' -ResourceName 'Authorization policy' -Property 'allowInvitesFrom' -Expected 'adminsAndGuestInviters or none' -Actual $from -Compliant $few
if ($from -eq 'none') { return New-Verdict pass 'Nobody can invite guests.' $finding }
if ($few) { return New-Verdict pass 'Only administrators and guest inviters can invite guests.' $finding }
if ($from -eq 'everyone') { return New-Verdict fail 'Everybody can invite guests, even guests.' $finding }
New-Verdict fail 'Every member can invite guests.' $finding
