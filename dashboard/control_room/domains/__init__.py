"""Pages of a domain: what is declared in its catalogue file, and what only this domain has."""
