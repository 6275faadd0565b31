"""Files that somebody else may have made: reads have limits, writes follow no link."""
