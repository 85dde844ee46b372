param($Evidence, $Context)
# Neither the organisation nor the directory settings in Graph hold this option; the portal's endpoint is undocumented.
New-Verdict manual 'No API shows whether users can connect their accounts with LinkedIn; look in the Microsoft Entra admin center.' @() -ReasonCode no_api
