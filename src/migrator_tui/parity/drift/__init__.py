"""In which ways a candidate's answer differs from the baseline's, each with a name, a few words and its sides."""
