"""From rows of foreign files to the files of a project: folded, masked, sampled, shown, then written."""
