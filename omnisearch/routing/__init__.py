"""What the words of a question say besides what is looked for: dates, kinds, orders, steps.

English only. Each rule is a function from a question and what a collection has to findings.
"""
