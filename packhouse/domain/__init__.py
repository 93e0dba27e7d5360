"""Plain Python: rules, planning, formulas and permissions. No database, no web, no clock."""
