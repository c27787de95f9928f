import type { Scene } from './scene.ts'

const store = '--connection-string "$AZURE_APPCONFIG_CONNECTION_STRING"'
const colour = `${store} --key App:Colour --label prod`

/** What az does to a store with nothing but its connection string: nobody is logged in yet. */
export const byConnectionString: readonly Scene[] = [
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

/** A store of one's own, and settings, feature flags and references in it by name. */
export const settings: readonly Scene[] = [
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
]
