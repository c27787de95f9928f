/**
 * What people type at Azure's command line, in order: each line leaves what the next needs. Debian 12's az (2.45) lacks
 * some of its own modules, so some lines are for newer ones only.
 */
export type Scene = {
  readonly says: string
  readonly line: string
  /** Only an az that has all its modules can run it. */
  readonly whole?: true
  /** What it must say when it is to be refused. */
  readonly refused?: RegExp
  /** What must be true of what it prints. */
  // biome-ignore lint/suspicious/noExplicitAny: the output of a command, as JSON
  readonly holds?: (printed: any) => boolean
}

const vaultId = '$(az keyvault show -n myvault --query id -o tsv)'

/** What is signed: a digest of 32 bytes in base64. */
const digest = Buffer.alloc(32, 7).toString('base64')

const store = '--connection-string "$AZURE_APPCONFIG_CONNECTION_STRING"'
const colour = `${store} --key App:Colour --label prod`

/** What az does to a store with nothing but its connection string: nobody is logged in yet. */
const byConnectionString: readonly Scene[] = [
  {
    says: 'with a connection string and no login, a setting is set',
    line: `az appconfig kv set ${colour} --value red --content-type text/plain --tags team=shop -y`,
    whole: true,
    holds: ({ value, label, tags }) => value === 'red' && label === 'prod' && tags.team === 'shop',
  },
  {
    says: 'and shown',
    line: `az appconfig kv show ${colour} --query value -o tsv`,
    whole: true,
    holds: (value) => value === 'red',
  },
  {
    says: 'and listed by a filter',
    line: `az appconfig kv list ${store} --key "App:*" --label "*"`,
    whole: true,
    holds: ([one, ...others]) => one.key === 'App:Colour' && others.length === 0,
  },
  {
    says: 'it is locked',
    line: `az appconfig kv lock ${colour} -y`,
    whole: true,
    holds: ({ locked }) => locked === true,
  },
  {
    says: 'a locked setting isn’t changed',
    line: `az appconfig kv set ${colour} --value blue -y`,
    whole: true,
    refused: /read only/,
  },
  {
    says: 'it is unlocked',
    line: `az appconfig kv unlock ${colour} -y`,
    whole: true,
    holds: ({ locked }) => locked === false,
  },
  {
    says: 'and changed, some seconds later',
    line: `date -u +%FT%TZ > $HOME/before && sleep 2 && az appconfig kv set ${colour} --value blue -y`,
    whole: true,
    holds: ({ value }) => value === 'blue',
  },
  {
    says: 'it is restored to what it was before',
    line: `az appconfig kv restore ${store} --datetime $(cat $HOME/before) --key "App:*" --label prod -y && az appconfig kv show ${colour} --query value -o tsv`,
    whole: true,
    holds: (value) => value === 'red',
  },
  {
    says: 'its history tells of all that',
    line: `az appconfig revision list ${store} --key App:Colour --label prod --query "[].value" -o tsv`,
    whole: true,
    holds: (values: string) => values.split(/\s+/).slice(0, 2).join() === 'red,blue',
  },
  {
    says: 'settings are exported to a file',
    line: `az appconfig kv export ${store} -d file --path $HOME/app.json --format json --key "App:*" --label prod -y && cat $HOME/app.json`,
    whole: true,
    holds: (file) => file['App:Colour'] === 'red',
  },
  {
    says: 'and to one that keeps labels, tags and content types',
    line: `az appconfig kv export ${store} -d file --path $HOME/kvset.json --format json --profile appconfig/kvset --key "App:*" --label "*" -y && cat $HOME/kvset.json`,
    whole: true,
    holds: ({ items: [one] }) => one.label === 'prod' && one.tags.team === 'shop' && one.content_type === 'text/plain',
  },
  {
    says: 'a setting is deleted',
    line: `az appconfig kv delete ${store} --key "App:*" --label prod -y`,
    whole: true,
    holds: ([one]) => one.key === 'App:Colour',
  },
  {
    says: 'and imported again from the file',
    line: `az appconfig kv import ${store} -s file --path $HOME/app.json --format json --label prod -y && az appconfig kv show ${colour} --query value -o tsv`,
    whole: true,
    holds: (value) => value === 'red',
  },
  {
    says: 'and from the other, as it was',
    line: `az appconfig kv import ${store} -s file --path $HOME/kvset.json --format json --profile appconfig/kvset -y && az appconfig kv show ${colour}`,
    whole: true,
    holds: ({ value, tags, contentType }) => value === 'red' && tags.team === 'shop' && contentType === 'text/plain',
  },
  {
    says: 'a snapshot is made of it',
    line: `az appconfig snapshot create ${store} --snapshot-name first --filters '{"key":"App:*","label":"prod"}'`,
    whole: true,
    holds: ({ status, itemsCount }) => status === 'ready' && itemsCount === 1,
  },
  {
    says: 'and listed',
    line: `az appconfig kv list ${store} --snapshot first`,
    whole: true,
    holds: ([one]) => one.value === 'red',
  },
  {
    says: 'a feature flag is set and switched on',
    line: `az appconfig feature set ${store} --feature Beta -y && az appconfig feature enable ${store} --feature Beta -y`,
    whole: true,
  },
  {
    says: 'and listed',
    line: `az appconfig feature list ${store}`,
    whole: true,
    holds: ([flag]) => flag.name === 'Beta' && flag.state === 'on',
  },
]

/** Keys in software; none of it works with Debian 12's az. */
const withKeys: readonly Scene[] = [
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

/** Certificates; none of it works with Debian 12's az. */
const withCertificates: readonly Scene[] = [
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

/** Lines of the training page, as they are printed there but for the container application, are marked in their words. */
export const scenes: readonly Scene[] = [
  ...byConnectionString,
  {
    says: 'a service principal logs in with its secret',
    line: 'az login --service-principal -u $AZURE_CLIENT_ID -p $AZURE_CLIENT_SECRET --tenant $CARDEA_TENANT_ID',
    holds: ([account]) => account.state === 'Enabled' && account.user.type === 'servicePrincipal',
  },
  {
    says: 'the account is shown',
    line: 'az account show',
    holds: ({ environmentName }) => environmentName === 'Cardea',
  },
  { says: 'a resource group is made', line: 'az group create -n rg -l local', holds: ({ name }) => name === 'rg' },
  { says: 'there is such a group', line: 'az group exists -n rg', holds: (there) => there === true },
  {
    says: 'a vault is made',
    line: 'az keyvault create -n myvault -g rg -l local --enable-rbac-authorization true',
    holds: ({ properties }) =>
      properties.enableRbacAuthorization === true && properties.softDeleteRetentionInDays === 90,
  },
  {
    says: 'a name that is taken is refused',
    line: 'az keyvault create -n myvault -g rg -l local --enable-rbac-authorization true --retention-days 7',
    refused: /already exists|VaultAlreadyExists/i,
  },
  {
    says: 'vaults are listed',
    line: 'az keyvault list',
    holds: (all) => all.some((one: { name: string }) => one.name === 'myvault'),
  },
  {
    says: 'the vault’s id is shown, as the training page asks for it',
    line: 'az keyvault show -n myvault --query id -o tsv',
    holds: (id) =>
      /^\/subscriptions\/[\w-]+\/resourceGroups\/rg\/providers\/Microsoft\.KeyVault\/vaults\/myvault$/.test(id),
  },
  {
    says: 'a managed identity is made',
    line: 'az identity create -n ai-api -g rg -l local',
    holds: ({ principalId }) => principalId.length === 36,
  },
  {
    says: 'another token service’s tokens may prove it',
    line: 'az identity federated-credential create --identity-name ai-api -g rg -n ci-job --issuer https://issuer.example --subject job:1 --audiences api://AzureADTokenExchange',
    holds: ({ subject }) => subject === 'job:1',
  },
  {
    says: 'a workload is made, with an identity of its own',
    line: `az resource create -g rg -n shop --resource-type Cardea.Workload/workloads --is-full-object --properties '{"location": "local", "identity": {"type": "SystemAssigned"}}'`,
    holds: ({ identity }) => identity.type === 'SystemAssigned' && /^[0-9a-f-]{36}$/.test(identity.principalId),
  },
  {
    says: 'it is shown, and listed beside what else is in the group',
    line: 'az resource list -g rg --resource-type Cardea.Workload/workloads --query "[].name" -o tsv',
    holds: (names) => names === 'shop',
  },
  {
    says: 'its identity is a service principal of the directory',
    line: 'az ad sp show --id $(az resource show -g rg -n shop --resource-type Cardea.Workload/workloads --query identity.principalId -o tsv)',
    holds: ({ servicePrincipalType, displayName }) =>
      servicePrincipalType === 'ManagedIdentity' && displayName === 'shop',
  },
  {
    says: 'it loses its identity',
    line: `az rest --method patch --url "$(az resource show -g rg -n shop --resource-type Cardea.Workload/workloads --query id -o tsv)?api-version=2026-11-01" --body '{"identity": {"type": "None"}}'`,
    holds: ({ identity }) => identity.type === 'None' && identity.principalId === undefined,
  },
  {
    says: 'and is deleted',
    line: 'az resource delete -g rg -n shop --resource-type Cardea.Workload/workloads',
  },
  {
    says: 'a global administrator elevates their access',
    line: 'az rest --method post --url "/providers/Microsoft.Authorization/elevateAccess?api-version=2016-07-01"',
  },
  {
    says: 'the training page’s role assignment gives the identity what it needs',
    line: `az role assignment create --role "Key Vault Secrets User" --assignee-object-id $(az identity show -n ai-api -g rg --query principalId -o tsv) --scope ${vaultId}`,
    whole: true,
    holds: ({ scope }) => scope.endsWith('/vaults/myvault'),
  },
  {
    says: 'the same again changes nothing',
    line: `az role assignment create --role "Key Vault Secrets User" --assignee-object-id $(az identity show -n ai-api -g rg --query principalId -o tsv) --scope ${vaultId}`,
    whole: true,
  },
  {
    says: 'an application gets a role by its id (training page)',
    line: `az role assignment create --role "Key Vault Secrets Officer" --assignee $AZURE_CLIENT_ID --scope ${vaultId}`,
    whole: true,
  },
  {
    says: 'a role reaches no further than one secret, if its scope says so',
    line: `az role assignment create --role "Key Vault Secrets User" --assignee-object-id $(az identity show -n ai-api -g rg --query principalId -o tsv) --assignee-principal-type ServicePrincipal --scope ${vaultId}/secrets/openai-api-key`,
    whole: true,
    holds: ({ scope }) => scope.endsWith('/secrets/openai-api-key'),
  },
  {
    says: 'role assignments are listed with names',
    line: `az role assignment list --scope ${vaultId} --include-inherited`,
    whole: true,
    holds: (all) =>
      all.some((one: { roleDefinitionName: string }) => one.roleDefinitionName === 'Key Vault Secrets User'),
  },
  {
    says: 'role definitions are found by name',
    line: 'az role definition list --name "Key Vault Secrets Officer"',
    whole: true,
    holds: ([role]) => role.name === 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  },
  {
    says: 'a secret is set',
    line: 'az keyvault secret set --vault-name myvault -n openai-api-key --value sk-abc123',
    whole: true,
    holds: ({ value }) => value === 'sk-abc123',
  },
  {
    says: 'and given an expiry and another value',
    line: 'az keyvault secret set --vault-name myvault -n openai-api-key --value sk-abc124 --expires 2030-12-31T00:00:00Z',
    whole: true,
    holds: ({ attributes }) => attributes.exp === Date.UTC(2030, 11, 31) / 1000,
  },
  {
    says: 'the latest version is shown',
    line: 'az keyvault secret show --vault-name myvault -n openai-api-key --query value -o tsv',
    whole: true,
    holds: (value) => value === 'sk-abc124',
  },
  {
    says: 'old versions remain',
    line: 'az keyvault secret list-versions --vault-name myvault -n openai-api-key',
    whole: true,
    holds: (all) => all.length === 2,
  },
  {
    says: 'a secret is disabled without deleting it',
    line: 'az keyvault secret set-attributes --vault-name myvault -n openai-api-key --enabled false',
    whole: true,
    holds: ({ attributes }) => attributes.enabled === false,
  },
  {
    says: 'a disabled secret is not shown',
    line: 'az keyvault secret show --vault-name myvault -n openai-api-key',
    whole: true,
    refused: /SecretDisabled|disabled secret/,
  },
  {
    says: 'a secret is deleted',
    line: 'az keyvault secret delete --vault-name myvault -n openai-api-key',
    whole: true,
  },
  {
    says: 'a deleted secret is recovered',
    line: 'az keyvault secret recover --vault-name myvault -n openai-api-key',
    whole: true,
  },
  {
    says: 'a secret is backed up to a file',
    line: 'az keyvault secret backup --vault-name myvault -n openai-api-key --file $HOME/secret.backup',
    whole: true,
  },
  {
    says: 'deleted and purged for good',
    line: 'az keyvault secret delete --vault-name myvault -n openai-api-key && az keyvault secret purge --vault-name myvault -n openai-api-key',
    whole: true,
  },
  {
    says: 'and restored from the file',
    line: 'az keyvault secret restore --vault-name myvault --file $HOME/secret.backup',
    whole: true,
    holds: ({ id }) => id.includes('/secrets/openai-api-key'),
  },
  ...withKeys.map((scene): Scene => ({ ...scene, whole: true })),
  ...withCertificates.map((scene): Scene => ({ ...scene, whole: true })),
  {
    says: 'a store is made',
    line: 'az appconfig create -n mystore -g rg -l local --sku standard',
    holds: ({ endpoint }) => endpoint.startsWith('https://mystore.config.'),
  },
  {
    says: 'its access keys are listed',
    line: 'az appconfig credential list -n mystore -g rg',
    holds: (keys) => keys.length === 4 && keys.filter((key: { readOnly: boolean }) => key.readOnly).length === 2,
  },
  {
    says: 'one is renewed',
    line: 'az appconfig credential regenerate -n mystore -g rg --id $(az appconfig credential list -n mystore -g rg --query "[3].id" -o tsv)',
    holds: ({ readOnly }) => readOnly === true,
  },
  {
    says: 'the sentinel pattern of the training page: settings first',
    line: 'az appconfig kv set -n mystore --key "OpenAI:Model" --value "gpt-4o" -y',
    whole: true,
    holds: ({ value }) => value === 'gpt-4o',
  },
  { says: 'then the sentinel', line: 'az appconfig kv set -n mystore --key "sentinel" --value "v2" -y', whole: true },
  {
    says: 'a setting refers to a secret',
    line: 'az appconfig kv set-keyvault -n mystore --key OpenAI:ApiKey --secret-identifier $(az keyvault show -n myvault --query properties.vaultUri -o tsv)secrets/openai-api-key -y',
    whole: true,
  },
  {
    says: 'settings are listed',
    line: 'az appconfig kv list -n mystore',
    whole: true,
    holds: (all) => all.length === 3,
  },
  {
    says: 'a setting has a history',
    line: 'az appconfig revision list -n mystore --key sentinel',
    whole: true,
    holds: (all) => all.length >= 1,
  },
  {
    says: 'a feature flag is set and switched on',
    line: 'az appconfig feature set -n mystore --feature EnableSemanticCache -y && az appconfig feature enable -n mystore --feature EnableSemanticCache -y',
    whole: true,
  },
  {
    says: 'and shown',
    line: 'az appconfig feature show -n mystore --feature EnableSemanticCache',
    whole: true,
    holds: ({ state }) => state === 'on',
  },
  {
    says: 'an application is registered',
    line: 'az ad app create --display-name "Communications Gateway service"',
    holds: ({ appId }) => appId.length === 36,
  },
  {
    says: 'and found again by its name',
    line: 'az ad app list --display-name "Communications Gateway"',
    holds: (all) => all.length === 1,
  },
  {
    says: 'it gets a service principal',
    line: 'az ad sp create --id $(az ad app list --display-name "Communications Gateway service" --query "[0].appId" -o tsv)',
    holds: ({ servicePrincipalType }) => servicePrincipalType === 'Application',
  },
  {
    says: 'a new client secret shows its value once',
    line: 'az ad app credential reset --id $(az ad app list --display-name "Communications Gateway service" --query "[0].appId" -o tsv) --append --display-name 2026-11',
    holds: ({ password }) => password.length >= 32,
  },
  {
    says: 'and is listed without it',
    line: 'az ad app credential list --id $(az ad app list --display-name "Communications Gateway service" --query "[0].appId" -o tsv)',
    holds: ([credential]) => credential.displayName === '2026-11' && credential.secretText == null,
  },
  { says: 'groups are listed', line: 'az ad group list', holds: (all) => Array.isArray(all) },
  {
    says: 'a lock is laid on the vault',
    line: 'az lock create -n keep --lock-type CanNotDelete -g rg --resource myvault --resource-type Microsoft.KeyVault/vaults',
    holds: ({ level }) => level === 'CanNotDelete',
  },
  { says: 'a locked vault is not deleted', line: 'az keyvault delete -n myvault', refused: /ScopeLocked/ },
  { says: 'nor with its group', line: 'az group delete -n rg -y', refused: /ScopeLocked/ },
  {
    says: 'the lock is taken away',
    line: 'az lock delete -n keep -g rg --resource myvault --resource-type Microsoft.KeyVault/vaults',
  },
  { says: 'what there is, is listed', line: 'az resource list -g rg', holds: (all) => all.length === 3 },
  { says: 'the vault is deleted', line: 'az keyvault delete -n myvault' },
  {
    says: 'it stands among the deleted ones',
    line: 'az keyvault list-deleted',
    holds: (all) => all.some((one: { name: string }) => one.name === 'myvault'),
  },
  { says: 'it is recovered', line: 'az keyvault recover -n myvault', holds: ({ name }) => name === 'myvault' },
  { says: 'and deleted and purged', line: 'az keyvault delete -n myvault && az keyvault purge -n myvault' },
  { says: 'the store is deleted', line: 'az appconfig delete -n mystore -g rg -y' },
  { says: 'and purged', line: 'az appconfig purge -n mystore -y' },
  {
    says: 'the clean-up step of the tutorials takes the group with all that is in it',
    line: 'az group delete -n rg -y',
  },
  { says: 'and then it is gone', line: 'az group exists -n rg', holds: (there) => there === false },
]
