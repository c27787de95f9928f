import type { Scene } from './scene.ts'

/** What is signed: a digest of 32 bytes in base64. */
const digest = Buffer.alloc(32, 7).toString('base64')

/** Keys in software. */
export const keys: readonly Scene[] = [
  {
    says: 'a key is made, for some uses and until a day',
    line: 'az keyvault key create --vault-name myvault -n signing --kty RSA --size 3072 --ops encrypt decrypt sign verify --expires 2030-12-31T00:00:00Z --tags team=shop',
    holds: ({ key, attributes, tags }) =>
      key.kty === 'RSA' && key.keyOps.length === 4 && attributes.exp === Date.UTC(2030, 11, 31) / 1000 && tags.team,
  },
  {
    says: 'and one on a curve',
    line: 'az keyvault key create --vault-name myvault -n curved --kty EC --curve P-384 --query key.crv -o tsv',
    holds: (curve) => curve === 'P-384',
  },
  {
    says: 'a key is shown by its id',
    line: 'az keyvault key show --id $(az keyvault key show --vault-name myvault -n signing --query key.kid -o tsv) --query key.e',
    holds: (exponent) => exponent === 'AQAB',
  },
  {
    says: 'what a key encrypts it decrypts',
    line: `az keyvault key decrypt --vault-name myvault -n signing -a RSA-OAEP-256 --data-type plaintext --query result --value "$(az keyvault key encrypt --vault-name myvault -n signing -a RSA-OAEP-256 --value 'well kept' --data-type plaintext --query result -o tsv)"`,
    holds: (text) => text === 'well kept',
  },
  {
    says: 'what it signs it verifies',
    line: `az keyvault key verify --vault-name myvault -n signing -a RS256 --digest ${digest} --query isValid --signature "$(az keyvault key sign --vault-name myvault -n signing -a RS256 --digest ${digest} --query signature -o tsv)"`,
    holds: (valid) => valid === true,
  },
  {
    says: 'its public part is downloaded, and OpenSSL reads it',
    line: 'az keyvault key download --vault-name myvault -n signing -e PEM --file $HOME/public.pem && openssl pkey -pubin -in $HOME/public.pem -noout -text | head -1',
    holds: (text) => text === 'Public-Key: (3072 bit)',
  },
  {
    says: 'a key of RSA is imported from a file',
    line: 'openssl genrsa -out $HOME/rsa.pem 2048 && az keyvault key import --vault-name myvault -n imported --pem-file $HOME/rsa.pem --query key.keyOps',
    holds: (operations) => operations.length === 6,
  },
  {
    says: 'and one on the curve of Bitcoin',
    line: 'openssl ecparam -name secp256k1 -genkey -noout -out $HOME/ec.pem && az keyvault key import --vault-name myvault -n imported-ec --pem-file $HOME/ec.pem --query key.crv -o tsv',
    holds: (curve) => curve === 'P-256K',
  },
  {
    says: 'keys are listed',
    line: 'az keyvault key list --vault-name myvault --query "[].name"',
    holds: (names) => names.join() === 'curved,imported,imported-ec,signing',
  },
  {
    says: 'and versions of one',
    line: 'az keyvault key list-versions --vault-name myvault -n signing',
    holds: ([one, ...others]) => one.name === 'signing' && others.length === 0,
  },
  {
    says: 'a key is rotated',
    line: 'az keyvault key rotate --vault-name myvault -n curved --query key.crv -o tsv && az keyvault key list-versions --vault-name myvault -n curved --query "length(@)"',
    holds: (printed: string) => printed === 'P-384\n2',
  },
  {
    says: 'and is to be from now on, after ninety days',
    line: `az keyvault key rotation-policy update --vault-name myvault -n curved --value '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P90D","timeBeforeExpiry":null},"action":{"type":"Rotate"}}],"attributes":{"expiryTime":"P2Y"}}'`,
    holds: ({ expiresIn, lifetimeActions: [rotate] }) => expiresIn === 'P2Y' && rotate.timeAfterCreate === 'P90D',
  },
  {
    says: 'its policy is shown',
    line: 'az keyvault key rotation-policy show --vault-name myvault -n curved --query expiresIn -o tsv',
    holds: (duration) => duration === 'P2Y',
  },
  {
    says: 'a key is disabled',
    line: 'az keyvault key set-attributes --vault-name myvault -n signing --enabled false --query attributes.enabled',
    holds: (enabled) => enabled === false,
  },
  {
    says: 'a disabled key signs nothing',
    line: `az keyvault key sign --vault-name myvault -n signing -a RS256 --digest ${digest}`,
    refused: /KeyDisabled/,
  },
  {
    says: 'a key is backed up to a file',
    line: 'az keyvault key backup --vault-name myvault -n signing --file $HOME/key.backup',
  },
  {
    says: 'deleted, it stands among the deleted ones',
    line: 'az keyvault key delete --vault-name myvault -n signing && az keyvault key list-deleted --vault-name myvault --query "[].name"',
    holds: (printed: string) => printed.includes('signing'),
  },
  {
    says: 'it is recovered',
    line: 'az keyvault key recover --vault-name myvault -n signing',
    holds: ({ key }) => key.kid.includes('/keys/signing/'),
  },
  {
    says: 'and deleted and purged',
    line: 'az keyvault key delete --vault-name myvault -n signing && az keyvault key purge --vault-name myvault -n signing',
  },
  {
    says: 'and restored from the file',
    line: 'az keyvault key restore --vault-name myvault --file $HOME/key.backup --query attributes.enabled',
    holds: (enabled) => enabled === false,
  },
  {
    says: 'a standard vault has no keys in a security module',
    line: 'az keyvault key create --vault-name myvault -n module --protection hsm',
    refused: /premium vault/,
  },
]
