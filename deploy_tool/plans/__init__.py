"""Plans: from "what comes from where, to which environment" to a sealed document, shown and kept.

`proposing` reads what people name, `planning` computes, `plan` is the document. Knows how a plan is
chosen, counted, treated, explained, approved and tried; carries nothing out. Above the trees of
`sources`, below `deploying`.
"""
