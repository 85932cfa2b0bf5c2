"""Route folders: parsing, versions, output schemas, lint and export."""
