"""Practise a rollout: the project's cases as traffic, with trouble on the candidate where it is asked for."""
