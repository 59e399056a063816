"""What the centre knows and keeps: vocabulary, reference data and the database. The only package that speaks SQL."""
