"""Why, and what if: traces of saves, conditions taken apart, trials of what is being changed."""
