param($Evidence, $Context)
Get-SharePointPeriodVerdict $Evidence -Switch 'ExternalUserExpirationRequired' -Days 'ExternalUserExpireInDays' -AtMost 30 `
    -Pass 'Guest access to SharePoint and OneDrive expires after {0}.' `
    -Off 'Guest access to SharePoint and OneDrive never expires.' `
    -TooLong 'Guest access to SharePoint and OneDrive expires only after {0}.'
