"""The screens of prompt adaptation: suggestions reviewed edit by edit, acceptance, search."""
