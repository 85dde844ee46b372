param($Evidence, $Context)
# The switch lives in an undocumented endpoint of the portal that refuses applications. The authorization policy has no
# property for it, and a Conditional Access policy on the admin portals is another control.
New-Verdict manual 'No API shows whether ordinary users can open the Microsoft Entra admin center; look there.' @() -ReasonCode no_api
