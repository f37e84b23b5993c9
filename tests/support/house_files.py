"""The configuration of the installation that tests of faces and processes share."""

from __future__ import annotations

FILES = {
    "project.yaml": """\
project: test
label: Test
format: 1
languages: [en]
currencies: [EUR]
time_zone: Europe/Paris
""",
    "translations/fr.yaml": "translations: fr\nobjects: {deal: {label: Affaire}}\n",
    "objects/account.yaml": """\
object: account
label: Account
sharing: read
fields:
  name: {type: text, required: true, length: 80, aka: [title_of_firm]}
  region: {type: picklist, values: {emea: {label: EMEA}, apac: {label: APAC}}}
  erp: {type: text, length: 40, external_id: true}
  deals: {type: roll_up, from: deal, via: account, measure: count}
  total: {type: roll_up, from: deal, via: account, measure: sum, of: amount}
""",
    "objects/deal.yaml": """\
object: deal
label: Deal
aka: [bargain]
sharing: read_write
fields:
  number: {type: auto_number, format: "D-{0000}"}
  name: {type: text, required: true, length: 60, aka: [title_text]}
  code: {type: text, length: 40, unique: true, external_id: true}
  account: {type: lookup, to: account, on_delete: restrict}
  stage:
    type: picklist
    default: open
    values: {open: {label: Open, probability: 0.1}, won: {label: Won, probability: 1, closed: true}}
  amount: {type: currency, min: 0, index: true}
  share: {type: percent, max: 1}
  margin: {type: currency}
  units: {type: number}
  is_hot: {type: checkbox}
  close_date: {type: date}
  met_at: {type: datetime}
  tags: {type: multi_picklist, values: {new: {label: New}, big: {label: Big}}}
  email: {type: email}
  phone: {type: phone}
  site: {type: url}
  notes: {type: long_text}
  legacy: {type: text, external_id: true}
  heard_of: {type: text, read_only_after_create: true}
  expected: {type: formula, returns: currency, formula: amount * stage.probability}
  ratio: {type: formula, returns: number, decimals: 2, formula: amount / units}
indexes: [{fields: [stage, -amount]}]
validation_rules:
  share_limit: {invalid_if: share > 0.5, message: Too much., field: share}
""",
    "objects/secret.yaml": """\
object: secret
label: Secret
sharing: private
fields:
  name: {type: text, required: true}
""",
    "views/deal.yaml": """\
view: deal.hot
label: Hot deals
where: is_hot
fields: [name, amount]
sort: [-amount]
---
view: deal.rich
label: Rich deals
where: margin > 0
fields: [name]
""",
    "access/permission_sets/rep.yaml": """\
permission_set: rep
label: Rep
objects:
  account: {read: true}
  deal: {create: true, read: true, edit: true, fields: {margin: none, share: read, legacy: none}}
""",
    "access/permission_sets/helper.yaml": """\
permission_set: helper
label: Helper
permissions: [manage_users, log_in_as]
""",
    "access/permission_sets/auditor.yaml": """\
permission_set: auditor
label: Auditor
permissions: [view_audit]
""",
}
