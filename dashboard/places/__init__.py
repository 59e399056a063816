"""A page of its own for each place of the city, and for what it observed in a month or a day. HTML without a script."""
