#!/bin/sh
# Reviews a branch: canonical files, no problem, and the plan as a comment in comment.md.
# Needs patron on the PATH, PATRON_URL, and PATRON_TOKEN narrowed to the scope "metadata".
#   review.sh [FOLDER] [ENVIRONMENT]
set -eu
folder=${1:-metadata}
environment=${2:-production}

patron fmt "$folder" --check
patron check "$folder"

# What people read comes on standard error beside the one JSON object.
code=0
patron plan --from "$folder/" --to "$environment" --json >plan.json 2>plan.txt || code=$?
{
    echo "What this branch would change in $environment:"
    echo
    echo '```'
    cat plan.txt
    echo '```'
} >comment.md
exit "$code"
