SELECT 1; -- its engineer replaces this whole file
