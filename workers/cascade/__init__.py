"""The cascade: a cheap tier answers, cheap checks judge the answer, the next tier answers once."""
