#!/bin/sh
# Delivers the main branch: one plan, validated and applied under the same digest.
# Needs patron on the PATH, PATRON_URL, and PATRON_TOKEN with the scope "deploy".
# PATRON_ACCEPT consents to what is not additive: retire, narrowing, or both with a comma.
#   deliver.sh [FOLDER] [ENVIRONMENT]
set -eu
folder=${1:-metadata}
environment=${2:-production}

patron plan --from "$folder/" --to "$environment" --out patron.plan
patron validate patron.plan
# Where the policy asks for approvals, stop here: a colleague runs `patron approve patron.plan`.
patron apply patron.plan --yes ${PATRON_ACCEPT:+--accept "$PATRON_ACCEPT"}
