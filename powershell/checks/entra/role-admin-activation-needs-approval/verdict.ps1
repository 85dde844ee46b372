param($Evidence, $Context)
Get-ActivationApprovalVerdict $Evidence -RoleId 'e8611ab8-c189-46e8-94e1-60213ab1f814' -RoleName 'Privileged Role Administrator'
