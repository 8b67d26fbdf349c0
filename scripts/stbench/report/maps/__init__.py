"""Interactive maps of the tissues of a report: what they show, packed small for a page."""
