"""Simulated models: a loopback server that speaks OpenAI's wire format, for the demo, the tests and the benchmarks.

Its models are personas with habits (`personas`, `habits`) that instructions in a prompt switch off by what they
mean (`instructions`). Everything it answers is made from word lists; it knows nothing and costs nothing.
"""
