"""What a configuration may say, as data and values: field types, kinds, platform fields.

`fields` (types and their values), `declarations` (frozen declarations), `platform` (what every
configuration has), `kinds` (the registry of kinds with their schemas and references). Imports
`names` and `errors` only, no third party.
"""
