import type { Scene } from './scene.ts'

/** What `az keyvault certificate get-default-policy` prints where it works; Debian's 2.74 has lost what it needs for that. */
const defaultPolicy = JSON.stringify({
  issuerParameters: { certificateTransparency: null, name: 'Self' },
  keyProperties: { curve: null, exportable: true, keySize: 2048, keyType: 'RSA', reuseKey: true },
  lifetimeActions: [{ action: { actionType: 'AutoRenew' }, trigger: { daysBeforeExpiry: 90 } }],
  secretProperties: { contentType: 'application/x-pkcs12' },
  x509CertificateProperties: {
    keyUsage: ['cRLSign', 'dataEncipherment', 'digitalSignature', 'keyEncipherment', 'keyAgreement', 'keyCertSign'],
    subject: 'CN=CLIGetDefaultPolicy',
    validityInMonths: 12,
  },
})

/** Certificates: made, imported, shown, kept, taken away. */
export const certificates: readonly Scene[] = [
  {
    says: 'a certificate is made by the policy that az has by default',
    line: `az keyvault certificate create --vault-name myvault -n web -p '${defaultPolicy}' --tags team=shop`,
    holds: ({ status, target, csr }) =>
      status === 'completed' && target.endsWith('/certificates/web') && csr.length > 0,
  },
  {
    says: 'and shown',
    line: 'az keyvault certificate show --vault-name myvault -n web',
    holds: ({ kid, sid, policy, tags, x509Thumbprint }) =>
      kid.includes('/keys/web/') &&
      sid.includes('/secrets/web/') &&
      policy.x509CertificateProperties.subject === 'CN=CLIGetDefaultPolicy' &&
      policy.keyProperties.reuseKey === true &&
      tags.team === 'shop' &&
      x509Thumbprint !== null,
  },
  {
    says: 'its public part is downloaded, and OpenSSL reads it',
    line: 'az keyvault certificate download --vault-name myvault -n web -f $HOME/web.pem && openssl x509 -in $HOME/web.pem -noout -subject',
    holds: (text) => /CN *= *CLIGetDefaultPolicy/.test(text),
  },
  {
    says: 'with its private part it is downloaded as a secret',
    line: 'az keyvault secret download --vault-name myvault -n web -f $HOME/web.pfx -e base64 && openssl pkcs12 -in $HOME/web.pfx -passin pass: -nodes | openssl pkey -noout -text | head -1',
    holds: (text) => text.startsWith('Private-Key: (2048 bit'),
  },
  {
    says: 'that is imported under another name',
    line: 'az keyvault certificate import --vault-name myvault -n copy -f $HOME/web.pfx --query policy.issuerParameters.name',
    holds: (issuer) => issuer === 'Unknown',
  },
  {
    says: 'and PEM that was made elsewhere',
    line: 'openssl req -x509 -newkey rsa:2048 -nodes -keyout $HOME/own.key -out $HOME/own.pem -subj /CN=own -days 30 && cat $HOME/own.key $HOME/own.pem > $HOME/both.pem && az keyvault certificate import --vault-name myvault -n own -f $HOME/both.pem --query policy.secretProperties.contentType',
    holds: (contentType) => contentType === 'application/x-pem-file',
  },
  {
    says: 'certificates are listed',
    line: 'az keyvault certificate list --vault-name myvault --query "[].name"',
    holds: (names) => names.join() === 'copy,own,web',
  },
  {
    says: 'keys and secrets of certificates are listed where they are asked for',
    line: 'az keyvault secret list --vault-name myvault --include-managed --query "[?name==\'web\'].managed"',
    holds: ([managed]) => managed === true,
  },
  {
    says: 'a certificate is disabled',
    line: 'az keyvault certificate set-attributes --vault-name myvault -n web --enabled false --query attributes.enabled',
    holds: (enabled) => enabled === false,
  },
  {
    says: 'and its secret with it',
    line: 'az keyvault secret show --vault-name myvault -n web',
    refused: /disabled/,
  },
  {
    says: 'how its making went is shown',
    line: 'az keyvault certificate pending show --vault-name myvault -n web --query status',
    holds: (status) => status === 'completed',
  },
  {
    says: 'contacts are added',
    line: 'az keyvault certificate contact add --vault-name myvault --email a@example.org --name A && az keyvault certificate contact list --vault-name myvault --query "contactList[].emailAddress"',
    holds: (printed: string | string[]) => printed.includes('a@example.org'),
  },
  {
    says: 'an issuer is kept, and somebody in charge of it',
    line: 'az keyvault certificate issuer create --vault-name myvault --issuer-name own --provider-name Test --account-id a --password p --query id && az keyvault certificate issuer admin add --vault-name myvault --issuer-name own --email a@example.org --query emailAddress',
    holds: (printed: string) => printed.includes('a@example.org'),
  },
  {
    says: 'a certificate is backed up to a file',
    line: 'az keyvault certificate backup --vault-name myvault -n web -f $HOME/web.backup',
  },
  {
    says: 'deleted, it stands among the deleted ones',
    line: 'az keyvault certificate delete --vault-name myvault -n web --query recoveryId && az keyvault certificate list-deleted --vault-name myvault --query "[].name"',
    holds: (printed: string) => printed.includes('"web"'),
  },
  {
    says: 'it is recovered',
    line: 'az keyvault certificate recover --vault-name myvault -n web --query sid',
    holds: (sid) => sid.includes('/secrets/web/'),
  },
  {
    says: 'and deleted and purged',
    line: 'az keyvault certificate delete --vault-name myvault -n web && az keyvault certificate purge --vault-name myvault -n web',
  },
  {
    says: 'and restored from the file',
    line: 'az keyvault certificate restore --vault-name myvault -f $HOME/web.backup --query attributes.enabled',
    holds: (enabled) => enabled === false,
  },
]
