import { role } from './definition.ts'

/** Our own roles: for what Azure has no word for. */
const secrets = 'Microsoft.KeyVault/vaults/secrets'

export const cardeaRoles = {
  cardeaRotationOperator: role(
    'c3b4dea0-0000-4000-8000-000000000001',
    'Cardea Rotation Operator',
    'Bind a secret to the system that accepts it, and rotate it.',
    { dataActions: ['Cardea.Rotation/vaults/*'] },
  ),
  cardeaSecretRotator: role(
    'c3b4dea0-0000-4000-8000-000000000002',
    'Cardea Secret Rotator',
    'What the rotation engine itself needs: read and set the secrets that it rotates, disable versions that leaked, and give keys and certificates their next version.',
    {
      dataActions: [
        `${secrets}/getSecret/action`,
        `${secrets}/setSecret/action`,
        `${secrets}/update/action`,
        `${secrets}/readMetadata/action`,
        'Microsoft.KeyVault/vaults/keys/rotate/action',
        'Cardea.Certificate/vaults/certificates/renew/action',
      ],
    },
  ),
  cardeaSecretReaper: role(
    'c3b4dea0-0000-4000-8000-000000000003',
    'Cardea Secret Reaper',
    'What the reaper itself needs: purge what was deleted at the end of its retention.',
    {
      actions: [
        'Microsoft.KeyVault/locations/deletedVaults/purge/action',
        'Microsoft.AppConfiguration/locations/deletedConfigurationStores/purge/action',
      ],
      dataActions: [
        `${secrets}/purge/action`,
        'Microsoft.KeyVault/vaults/keys/purge/action',
        'Microsoft.KeyVault/vaults/certificates/purge/action',
      ],
    },
  ),
  cardeaAuditReader: role(
    'c3b4dea0-0000-4000-8000-000000000004',
    'Cardea Audit Reader',
    'Read the journal of deeds, metrics and alerts.',
    { actions: ['Cardea.Audit/*/read', 'Microsoft.Insights/*/read'] },
  ),
  cardeaAlertOperator: role(
    'c3b4dea0-0000-4000-8000-000000000005',
    'Cardea Alert Operator',
    'Say what raises an alert, and whom it reaches.',
    { actions: ['Cardea.Audit/alerts/*', 'Microsoft.Insights/metrics/read'] },
  ),
  cardeaIncidentResponder: role(
    'c3b4dea0-0000-4000-8000-000000000026',
    'Cardea Incident Responder',
    'Find out what somebody may have learned, and rotate all of it.',
    { actions: ['Cardea.Incident/*'], dataActions: ['Cardea.Rotation/vaults/secrets/rotation/run/action'] },
  ),
}
