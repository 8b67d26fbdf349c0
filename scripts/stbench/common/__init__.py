"""What every package uses: errors, paths, files, checksums, text. Imports nothing of stbench."""
