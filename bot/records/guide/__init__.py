"""The page to hand out: who does what by when under one policy, on one side of paper, as PDF and Word document.

It sends nothing and knows no case. content.py makes the words from the policy; made.py lays them out.
"""
