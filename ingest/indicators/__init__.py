"""Indicators that Vietnamese rules define: pure functions, one file each, tables as data, sources named."""
