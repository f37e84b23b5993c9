"""Lists of records: views, columns, filters, order, pages, totals, the bin, boards and calendars.

The address is the state: `asked.py` reads it, `page.py` gathers what it asks for in one
transaction, the templates `ui/list*.html` draw it. `routes.py` names the addresses.
"""
