"""Which of our photographs is in this picture, how sure is that, and what was done to it."""

from watermark.compare.decide import Verdict, matching_rates
from watermark.forensics import MarkState
from watermark.identify.account import explain, explain_picture
from watermark.identify.answer import Answer, Exhibit, Overlap, RunnerUp, Transform
from watermark.identify.search import hypotheses, identify, identify_file

__all__ = [
    "Answer",
    "Exhibit",
    "MarkState",
    "Overlap",
    "RunnerUp",
    "Transform",
    "Verdict",
    "explain",
    "explain_picture",
    "hypotheses",
    "identify",
    "identify_file",
    "matching_rates",
]
