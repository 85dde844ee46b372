param($Evidence, $Context)
Get-ActivationApprovalVerdict $Evidence -RoleId '62e90394-69f5-4237-9190-012177145e10' -RoleName 'Global Administrator'
