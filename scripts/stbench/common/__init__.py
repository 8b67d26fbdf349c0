"""Used by all packages: errors, paths, files, checksums, text. Imports no other package."""
